"""Scenes of panels whose hardware errors nobody is told of, by the name of the error: one alone, or those of `hard`."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Generator, Tensor

from ris_pytorch_pipeline.physics import (
    CHANNELS,
    ChannelModel,
    Impairments,
    Scenario,
    Scenes,
    channel_named,
    draw,
    preset,
    scenario_array,
)
from ris_pytorch_pipeline.physics.scenes.impairing import displaced_elements, estimated_channel
from ris_pytorch_pipeline.rng import stream

SILENT = 1e-4
"""Gain of a dead element: 0 could not be divided out again."""
ONE_PANEL = "of one panel"
ERRORS: dict[str, Impairments] = {
    "none": Impairments(),
    "phases": Impairments(phase_error_rad=0.2),
    "dead 5": Impairments(dead_fraction=0.05),
    "dead 10": Impairments(dead_fraction=0.1),
    "positions": Impairments(position_error_wavelengths=0.03),
    "codes": Impairments(unmodelled_code_bits=2),
    "channel": Impairments(channel_error_db=-20.0),
    "ghost": Impairments(ghost_db=-10.0),
    "hard": preset("hard").impairments,
}
"""Errors by name. Displacements of .03 wavelengths along each axis turn a wave by 2π .03 = .19 rad, from anywhere."""


def scenario_of(error: str, kind: str, snr_db: float) -> Scenario:
    """Three sources of powers within 10 dB on the default panel, and continuous codes where bits are unmodelled."""
    base = preset(kind, sources=3, power_db=preset("hard").power_db, distance_law="inverse", snr_db=snr_db)
    hidden = ERRORS[error]
    return replace(base, impairments=hidden, code_bits=base.code_bits if hidden.unmodelled_code_bits is None else None)


def scenes_of(scenario: Scenario, count: int, panels: int, seed: int) -> Iterator[Scenes]:
    """Scenes of each panel, equally many; of no panel, all at once with errors of their own."""
    if panels == 0:
        yield draw(scenario, count, stream(seed, "impairments"))
    for panel in range(panels):
        yield of_one_panel(scenario, count // panels, seed, panel)


def of_one_panel(scenario: Scenario, count: int, seed: int, panel: int) -> Scenes:
    """Scenes of one panel, whose elements have the same errors in all; channel errors and ghosts are drawn for each.

    The wave goes through H diag(g) and meets displaced elements; estimators are told H and undisplaced ones.
    """
    hidden, usual, nominal = scenario.impairments, channel_named(scenario.channel).draw, scenario_array(scenario)
    gains = gains_of(hidden, len(nominal), stream(seed, "panel", panel))
    there = displaced_elements(nominal, 1, hidden, stream(seed, "elements", panel))[0]
    CHANNELS[ONE_PANEL] = ChannelModel(name=ONE_PANEL, draw=lambda *given: usual(*given) * gains)
    left = Impairments(ghost_db=hidden.ghost_db, unmodelled_code_bits=hidden.unmodelled_code_bits)
    seen_by_wave = replace(scenario, channel=ONE_PANEL, impairments=left)
    scenes = draw(seen_by_wave, count, stream(seed, "blind", panel), array=replace(nominal, elements=there))
    seen = scenes.observation
    told = estimated_channel(seen.channel / gains, hidden, stream(seed, "channel", panel))
    return replace(scenes, observation=replace(seen, channel=told, array=nominal))


def gains_of(impairments: Impairments, elements: int, generator: Generator) -> Tensor:
    """What each element of a panel really does to a wave, (element,)."""
    phase = impairments.phase_error_rad * torch.randn(elements, generator=generator, dtype=torch.float64)
    alive = torch.rand(elements, generator=generator, dtype=torch.float64) >= impairments.dead_fraction
    return torch.polar(torch.where(alive, 1.0, SILENT).double(), phase)
