"""What would move in the measurements if sources moved, drifted or spread, or if elements had errors of their own?"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....physics import Array, Observation, chart_of, phases_at, to_cosines
from ....shapes import Positions
from ..groups import Groups, orthonormal
from .code_errors import code_errors

_TINY = 1e-30
_NOTHING = 1e-5
"""Part of a direction that has to be left beside the sources; less is rounding, as with a channel of rank one."""
_LEAST_NOISE = 1e-10
"""Part of the energy that noise is taken to have in each number at least, where measurements have none."""
_BAND = 0.2
"""Bandwidth over the carrier that `wide` weighs its directions by. Symbols of a few carriers that nearly cancel leave a
small wave with much beside it, as if the band were wider than it is: of 110 scenes of pilots with a bandwidth of 0.1
that are off 100 have p < .0025 with 0.2, and 97 with 0.1."""


@dataclass(frozen=True, eq=False)
class Tangents:
    """Directions in the measurements, complex numbers as pairs of real ones where they are orthonormal rows.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate.fit import groups_of
    >>> scenes = ris.simulate(ris.preset("random", horizontal=4, vertical=4, sources=1), scenes=1, seed=0)
    >>> groups = groups_of(scenes.observation, scenes.truth.positions)
    >>> tangents = tangents_of(scenes.observation, groups, scenes.truth.positions)
    >>> tangents.fitted.shape, tangents.elements.shape  # 3 moves of the source, errors of 16 elements
    (torch.Size([1, 3, 512]), torch.Size([1, 256, 16]))
    >>> left = tangents.without_fitted(groups.residual(groups.measurements)[None].to(torch.complex64))  # one draw
    >>> along = torch.view_as_real(left).flatten(1) @ tangents.fitted[0].mT
    >>> bool(along.norm() < 1e-5 * left.norm())  # nothing is left along the moves
    True
    >>> [energy.numel() for energy in tangents.statistics(groups.blocks(left))]  # elements, drift, spread, codes, scale
    [1, 1, 1, 1, 1]

    Args:
        fitted: (scene, direction, real), along which the fit moved the sources: nothing is left over there.
        drifting: (scene, direction, real), sources that move steadily from the first snapshot to the last.
        spread: (scene, block, direction, antenna), ∂(G_l a)/∂(place) at the power of each source: one that is more than
            a point, or is elsewhere in each snapshot.
        elements: (scene, equation, element), G_l diag(Σ_k a_k s_kl): what an error of one element sends.
        codes: (scene, direction, real), errors of what the codes do that are alike at all elements, see `code_errors`.
        scale: (scene, 1, real), another wavelength than the stated one, or elements that are further apart: the same
            small share for all sources, snapshots and frequencies. 0 where moves of the sources do the same, as those
            of far sources do.
        wide: (scene, direction, real), sources of more wavelengths than one, alike in all snapshots: what a complex
            mean of a(λ) over them leaves to second order beside a place, weighed by how much of it stands out of the
            noise, see `_of_a_band`. None of random symbols, which differ in each snapshot: `spread` is for them.
    """

    fitted: Float[Tensor, "scene direction real"]
    drifting: Float[Tensor, "scene drift real"]
    spread: Complex[Tensor, "scene block move antenna"]
    elements: Complex[Tensor, "scene equation element"]
    codes: Float[Tensor, "scene error real"]
    scale: Float[Tensor, "scene 1 real"]
    wide: Float[Tensor, "scene wave real"] | None = None

    def __getitem__(self, rows: Tensor) -> "Tangents":
        """Of some of the scenes."""
        wide = None if self.wide is None else self.wide[rows]
        moves = self.fitted[rows], self.drifting[rows], self.spread[rows]
        return Tangents(*moves, self.elements[rows], self.codes[rows], self.scale[rows], wide)

    def without_fitted(self, residual: Complex[Tensor, "draw scene group equation"]) -> Tensor:
        """Residuals without what moves of the sources take up."""
        values = torch.view_as_real(residual)
        flat = values.flatten(2).movedim(0, 1)  # (scene, draw, real)
        left = flat - (flat @ self.fitted.mT) @ self.fitted
        return torch.view_as_complex(left.movedim(0, 1).reshape(values.shape))

    def statistics(self, blocks: Complex[Tensor, "draw scene block antenna"]) -> list[Float[Tensor, "draw scene"]]:
        """Energy of residuals along errors of the elements, a drift, a spread, errors of the codes, and wavelengths.

        Those of wavelengths are another one than stated, and, where it is asked for, more than one.
        """
        flat = blocks.flatten(2).movedim(0, 1)  # (scene, draw, equation)
        rows = [rows for rows in (self.drifting, self.codes, self.scale, self.wide) if rows is not None]
        along = (torch.view_as_real(flat).flatten(2) @ torch.cat(rows, dim=1).mT).square()
        drift, *few = (part.sum(-1) for part in along.split([part.shape[1] for part in rows], dim=-1))
        spread = blocks.permute(1, 2, 0, 3) @ self.spread.conj().mT  # (scene, block, draw, direction)
        elements = _energy(flat.conj() @ self.elements).clamp_min(_NOTHING * _energy(self.elements).sum(-1)[:, None])
        spreads = _energy(spread).sum(1).clamp_min(_NOTHING * _energy(self.spread).sum((-1, -2))[:, None])
        return [energy.mT for energy in (elements, drift, spreads, *few)]


def tangents_of(
    observation: Observation,
    groups: Groups,
    positions: Positions,
    signals: Complex[Tensor, "scene block source"] | None = None,
) -> Tangents:
    """The directions at sources of some scenes.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate.fit import groups_of
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=2), scenes=1, seed=0)
    >>> groups = groups_of(scenes.observation, scenes.truth.positions)
    >>> tangents_of(scenes.observation, groups, scenes.truth.positions).fitted.shape  # (a, b, q) of two sources
    torch.Size([1, 6, 512])

    Args:
        observation: scaled scenes.
        groups: whose residual the directions are to lie in.
        positions: (scene, source, 3); NaN in empty slots.
        signals: what each source sends in each snapshot and frequency; None is the least squares of the groups.
    """
    if signals is None:
        shared = observation.blocks.shape[1] // groups.measurements.shape[1]
        signals = groups.amplitudes.repeat_interleave(shared, dim=1)
    present = ~positions[..., 0].isnan()
    safe = torch.where(present[..., None], positions, torch.ones_like(positions))
    chart, coordinates = chart_of(safe, observation.array)
    wave, slope = chart.steering_with_derivatives(coordinates)  # (scene, [frequency,] [coordinate,] source, element)
    kind = observation.codes.dtype
    sent = signals * present[:, None]
    moved = _seen(observation, slope, present)
    steps = (moved * sent[:, :, None, :, None]).flatten(2, 3)
    later = _later(observation).to(steps)
    drifts = (steps[:, :, None] * later[:, :, None, None]).flatten(2, 3)
    fitted = _rows(groups, steps, present)
    drifting = _rows(groups, drifts, present, fitted)
    several = observation.symbols != "random"
    waves = _seen(observation, _by_wavelength(observation.array, safe, wave, 1 + several), present)
    first, *second = (waves * sent[:, :, None, :, None]).unbind(2)
    scale = _beside(groups, first.sum(2, keepdim=True), fitted)
    wide = _of_a_band(groups, first, second[0], fitted).float() if several else None
    power = torch.view_as_real(sent).square().sum(-1).mean(1)[:, None, None, :, None]
    level = (power / _energy(moved).mean(1)[:, None, :, :, None].clamp_min(_TINY)).sqrt()
    single = torch.complex64
    field = _field(observation, wave.to(kind), sent).to(single)
    errors = code_errors(observation, field).to(kind)
    coded = _rows(groups, torch.cat([errors, 1j * errors], dim=2), present.any(-1, keepdim=True), fitted).float()
    return Tangents(
        fitted.float(),
        drifting.float(),
        (moved * level).flatten(2, 3).to(single),
        _of_elements(observation, field),
        coded,
        scale.float(),
        wide,
    )


def _seen(
    observation: Observation, slope: Tensor, present: Tensor
) -> Complex[Tensor, "scene block move source antenna"]:
    """G_l x of vectors x, (scene, [frequency,] move, source, element); 0 of absent sources."""
    moves = slope.shape[-3]
    seen = observation.response(slope.flatten(-3, -2).to(observation.codes.dtype)).unflatten(2, (moves, -1))
    return seen * present[:, None, None, :, None]


def _by_wavelength(
    array: Array, positions: Positions, wave: Tensor, derivatives: int
) -> Complex[Tensor, "... derivative source element"]:
    """λ ∂a/∂λ = -j p a, or with λ² ∂²a/∂λ² = -p² a - 2 λ ∂a/∂λ, with p the phases of a."""
    phases = phases_at(to_cosines(positions, array), array)
    first = -1j * phases * wave
    if derivatives == 1:
        return first.unsqueeze(-3)
    return torch.stack([first, -phases.square() * wave - 2 * first], dim=-3)


def _later(observation: Observation) -> Float[Tensor, "block way"]:
    """How late each snapshot of each frequency is, from -1 to 1: over the snapshots, and over the frequencies."""
    frequencies, snapshots = observation.by_frequency()[0].shape[1:3]
    over = (frequencies, snapshots)
    ways = [
        torch.linspace(-1, 1, count, dtype=torch.float64).reshape(shape).expand(over).flatten()
        for count, shape in ((snapshots, (1, -1)), (frequencies, (-1, 1)))
        if count > 1
    ]
    return torch.stack(ways, dim=-1) if ways else torch.zeros(frequencies * snapshots, 0, dtype=torch.float64)


def _rows(
    groups: Groups,
    steps: Complex[Tensor, "scene block direction antenna"],
    present: Tensor,
    beside: Tensor | None = None,
) -> Float[Tensor, "scene direction real"]:
    """Orthonormal rows that span directions beside the sources and beside other rows; 0 for absent sources."""
    flat = _beside(groups, steps, beside)
    return orthonormal(flat[:, None], present.repeat(1, flat.shape[1] // max(1, present.shape[1])))[:, 0]


def _of_a_band(
    groups: Groups,
    first: Complex[Tensor, "scene block source antenna"],
    second: Complex[Tensor, "scene block source antenna"],
    beside: Float[Tensor, "scene fitted real"],
) -> Float[Tensor, "scene direction real"]:
    """Rows Z with ‖Z r‖² the likelihood-ratio statistic of a band of independent carriers against one wavelength.

    Shares δ of the wavelength, uniform within ± B/2 and of independent complex symbols, add ε a' + η a''/2 to a wave,
    with E|ε|² = B²/12 and E|η|² = B⁴/80 times its power. With R these directions at their size over the noise, beside
    the sources and their moves, the residual r of unit mean power has a covariance I/2 + R^T R, and
    Z = (I/2 + R R^T)^(-1/2) R. Directions far above the noise count alike, those below it by their energy.

    Args:
        groups: of the sources.
        first: λ ∂a/∂λ of each source as it is received.
        second: λ² ∂²a/∂λ².
        beside: rows along which the fit moved the sources.
    """
    linear, square = _BAND / math.sqrt(12), _BAND**2 / (2 * math.sqrt(80))
    parts = [factor * part for factor, part in ((linear, first), (square, second))]
    directions = _left(groups, torch.cat([turn * part for part in parts for turn in (1, 1j)], dim=2), beside)
    spare = (groups.equations - groups.order * groups.measurements.shape[1]).clamp_min(1)
    noise = _energy(groups.residual(groups.measurements).flatten(1)) / spare
    noise = noise.clamp_min(_LEAST_NOISE * _energy(groups.measurements.flatten(1))).clamp_min(_TINY)
    rows = directions / (2 * noise).sqrt()[:, None, None]
    gram = rows @ rows.mT
    factor = torch.linalg.cholesky(gram + torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device) / 2)
    return torch.linalg.solve_triangular(factor, rows, upper=False)


def _beside(
    groups: Groups, steps: Complex[Tensor, "scene block direction antenna"], beside: Tensor | None
) -> Float[Tensor, "scene direction real"]:
    """Directions beside the sources and beside other rows at unit length, each by itself; 0 of those within them."""
    left = _left(groups, steps, beside)
    return left / left.norm(dim=-1, keepdim=True).clamp_min(_TINY)


def _left(
    groups: Groups, steps: Complex[Tensor, "scene block direction antenna"], beside: Tensor | None
) -> Float[Tensor, "scene direction real"]:
    """Directions without the sources and without other rows; 0 of those within them."""
    stacked = steps.movedim(2, 0).reshape(steps.shape[2], *groups.measurements.shape)
    flat = torch.view_as_real(groups.residual(stacked)).flatten(2).movedim(0, 1)
    before = torch.view_as_real(stacked).flatten(2).movedim(0, 1).norm(dim=-1, keepdim=True)
    if beside is not None:
        flat = flat - (flat @ beside.mT) @ beside
    return torch.where(flat.norm(dim=-1, keepdim=True) > _NOTHING * before, flat, torch.zeros_like(flat))


def _field(
    observation: Observation, wave: Tensor, sent: Tensor
) -> Complex[Tensor, "scene frequency snapshot element"]:  # fmt: skip
    """Σ_k a_k s_kl at each element, before the codes."""
    waves = wave if observation.wide else wave[:, None]
    return sent.unflatten(1, observation.by_frequency()[0].shape[1:3]) @ waves


def _of_elements(observation: Observation, field: Tensor) -> Complex[Tensor, "scene equation element"]:
    """G_l diag(Σ_k a_k s_kl) of all snapshots and frequencies, one below the other."""
    codes, channel = (part.to(field.dtype) for part in observation.by_frequency())
    coded = channel[:, :, None] * (codes * field)[..., None, :]
    return coded.flatten(1, 3)


def _energy(values: Tensor) -> Tensor:
    """Sum of squares over the last axis."""
    return torch.view_as_real(values).square().sum((-1, -2))
