"""Scenes whose model is wrong in one way, by name: what an estimator is told differs from what happened."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ris_pytorch_pipeline.physics import (
    Array,
    Impairments,
    Observation,
    Scenario,
    Scenes,
    complex_normal,
    draw,
    measure,
    preset,
    steering_at,
    to_cosines,
)
from ris_pytorch_pipeline.rng import stream

_CARRIERS = 9
_NEAR = (0.5, 2.0)
"""Metres from panels of 1.65 m: of sources further away a wrong wavelength leaves little but another place."""


def conjugated(*names: str) -> Callable[[Scenes], Observation]:
    """Some fields as their conjugates."""

    def change(scenes: Scenes) -> Observation:
        seen = scenes.observation
        return replace(seen, **{name: vars(seen)[name].conj().resolve_conj() for name in names})

    return change


def scrambled(scenes: Scenes) -> Observation:
    """Positions listed column by column for elements that are wired row by row."""
    seen = scenes.observation
    order = torch.arange(len(seen.array)).reshape(10, 20).T.reshape(-1)
    return replace(seen, array=replace(seen.array, elements=seen.array.elements[order]))


def other_symbols(scenes: Scenes) -> Observation:
    """Random symbols called pilots, or pilots called random."""
    kind = "pilot" if scenes.observation.symbols == "random" else "random"
    return replace(scenes.observation, symbols=kind)


def flipped_antenna(scenes: Scenes) -> Observation:
    """The sign of one antenna."""
    measured = scenes.observation.measurements.clone()
    measured[..., 3] *= -1
    return replace(scenes.observation, measurements=measured)


def wideband(scenes: Scenes) -> Observation:
    """Another carrier each snapshot, over 10 % of the stated one, in ascending order."""
    seen, truth = scenes.observation, scenes.truth
    shifts = torch.linspace(0.95, 1.05, seen.codes.shape[1]).tolist()
    positions = torch.where(truth.positions.isnan(), torch.ones_like(truth.positions), truth.positions)
    parts = []
    for snapshot, shift in enumerate(shifts):
        array = replace(seen.array, wavelengths=(seen.array.wavelength / shift,))
        at = slice(snapshot, snapshot + 1)
        vectors = steering_at(to_cosines(positions, array), array)
        parts.append(measure(vectors, truth.symbols[:, at], seen.codes[:, at], seen.channel))
    clean = torch.cat(parts, dim=1)
    noise = complex_normal(tuple(clean.shape), stream(0, "wideband noise"))
    return replace(seen, measurements=clean + noise * truth.noise_variance.sqrt()[:, None, None])


def wideband_within(scenes: Scenes) -> Observation:
    """10 % bandwidth inside every snapshot: nine carriers of equal power, each with symbols of its own."""
    seen, truth = scenes.observation, scenes.truth
    positions = torch.where(truth.positions.isnan(), torch.ones_like(truth.positions), truth.positions)
    random = stream(0, "carriers within a snapshot")
    clean = torch.zeros_like(seen.measurements)
    shape = truth.symbols.shape if seen.symbols == "random" else (len(seen), 1, truth.symbols.shape[-1])
    for shift in torch.linspace(0.95, 1.05, _CARRIERS).tolist():
        array = replace(seen.array, wavelengths=(seen.array.wavelength / shift,))
        drawn = complex_normal(shape, random) / math.sqrt(_CARRIERS)
        symbols = drawn * truth.powers.nan_to_num(0).sqrt()[:, None]
        vectors = steering_at(to_cosines(positions, array), array)
        clean += measure(vectors, symbols.expand_as(truth.symbols).contiguous(), seen.codes, seen.channel)
    noise = complex_normal(tuple(clean.shape), stream(0, "wideband noise"))
    return replace(seen, measurements=clean + noise * truth.noise_variance.sqrt()[:, None, None])


def reversed_carriers(scenes: Scenes) -> Observation:
    """Wavelengths of stepped frequency listed from the other end."""
    seen = scenes.observation
    return replace(seen, array=replace(seen.array, wavelengths=seen.array.wavelengths[::-1]))


def other_wavelength(share: float) -> Callable[[Scenes], Observation]:
    """A wavelength that is longer than the true one by a share: as if elements were that much closer to each other."""

    def change(scenes: Scenes) -> Observation:
        array = scenes.observation.array
        stated = tuple(wavelength * (1 + share) for wavelength in array.wavelengths)
        return replace(scenes.observation, array=replace(array, wavelengths=stated))

    return change


def sent_otherwise(scenes: Scenes, change: Callable[[Tensor, Array], Tensor]) -> Observation:
    """Measurements to which the panel adds something: `change` of what each element sends in each snapshot."""
    seen, truth = scenes.observation, scenes.truth
    positions = torch.where(truth.positions.isnan(), torch.ones_like(truth.positions), truth.positions)
    waves = steering_at(to_cosines(positions, seen.array), seen.array)
    sent = seen.codes * (truth.symbols.nan_to_num(0) @ waves)
    return replace(seen, measurements=seen.measurements + change(sent, seen.array) @ seen.channel.mT)


def from_neighbours(sent: Tensor, array: Array) -> Tensor:
    """A twentieth of what the neighbours of each element send."""
    apart = torch.cdist(array.placed, array.placed)
    near = (apart > 0) & (apart < 1.2 * apart.masked_fill(apart == 0, torch.inf).amin())
    return 0.05 * sent @ near.to(sent)


def of_a_board(sent: Tensor, array: Array) -> Tensor:
    """What takes away all that the half of the elements sends whose y is positive."""
    return -sent * (array.placed[:, 1] > 0)


def of_a_corner(sent: Tensor, array: Array) -> Tensor:
    """What takes away all that a quarter of the elements sends."""
    return of_a_board(sent, array) * (array.placed[:, 2] > 0)


def nothing(scenes: Scenes) -> Observation:
    """What is true."""
    return scenes.observation


CHANGES: dict[str, Callable[[Scenes], Observation]] = {
    "right": nothing,
    "codes": conjugated("codes"),
    "channel": conjugated("channel"),
    "everything": conjugated("measurements"),
    "order": scrambled,
    "symbols": other_symbols,
    "antenna": flipped_antenna,
    "channel 5 %": nothing,
    "phases": nothing,
    "positions": nothing,
    "code bits": nothing,
    "phases 0.4": nothing,
    "bandwidth": wideband,
    "bandwidth within": wideband_within,
    "carriers reversed": reversed_carriers,
    "near": nothing,
    "wavelength 3 %": other_wavelength(0.03),
    "wavelength 5 %": other_wavelength(0.05),
    "coupling": lambda scenes: sent_otherwise(scenes, from_neighbours),
    "board": lambda scenes: sent_otherwise(scenes, of_a_board),
    "corner": lambda scenes: sent_otherwise(scenes, of_a_corner),
}
"""Name -> what is done to the observation of a scene; some are in the scenario."""


def scenario_of(kind: str, name: str, snr_db: float, sources: tuple[int, int]) -> Scenario:
    """The scenario that a kind of mismatch starts from; presets without the impairments that they may have."""
    impairments = {
        "channel 5 %": Impairments(channel_error_db=10 * math.log10(0.05)),
        "phases": Impairments(phase_error_rad=0.5),
        "positions": Impairments(position_error_wavelengths=0.08),  # which turns a wave by .5 rad
        "code bits": Impairments(unmodelled_code_bits=2),
        "phases 0.4": Impairments(phase_error_rad=0.4),
    }.get(kind, Impairments())
    other: dict[str, Any] = {
        "order": {"horizontal": 20, "vertical": 10},
        "carriers reversed": {"frequencies": 4, "bandwidth": 0.1, "snapshots": 8},
        "code bits": {"code_bits": None},
        "near": {"distance": _NEAR},
        "wavelength 3 %": {"distance": _NEAR},
        "wavelength 5 %": {"distance": _NEAR},
    }.get(kind, {})
    return preset(name, snr_db=snr_db, sources=sources, impairments=impairments, **other)


def mismatched(
    kind: str, name: str, snr_db: float, sources: tuple[int, int], count: int, block: int, seed: int = 0
) -> Scenes:  # fmt: skip
    """Scenes of a preset with one kind of mismatch; the rules of `estimate/fit` were chosen on those of seed 0."""
    scenario = scenario_of(kind, name, snr_db, sources)
    scenes = draw(scenario, count, stream(seed, f"model fit/{kind}/{name}/{snr_db}/{sources}", block))
    return Scenes(observation=CHANGES[kind](scenes), truth=scenes.truth)
