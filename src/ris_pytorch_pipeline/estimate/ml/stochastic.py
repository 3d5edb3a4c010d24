"""How random-symbol measurements are searched: y_l ~ CN(0, B_l P B_l^H + σ² I), on a grid and off it."""

import math
from functools import cached_property

import torch
from torch import Tensor

from ...covariance import factored
from ...likelihood import (
    Gram,
    block_scores,
    fisher_information,
    held_out_random,
    negative_log_likelihood,
    panel_block,
    response_gram,
    score,
    snapshot_gram,
    whiten,
)
from ...physics import Chart, Observation, Sounding, chart_at, steering_at
from ..grid import SearchGrid, search_grid
from ..region import SearchRegion
from .hypothesis import Hypothesis, Rivals, Rows
from .large.outline import Outline, outline_of
from .levenberg import ROUGH, Box, Ceiling, Local, minimise
from .scanning.gain import gain_beside
from .scanning.gridscan import Beside, GridScan, shared_sources
from .scanning.steered import kept_steering

SINGLE = 2e-3
"""Least share of noise for which single precision will do: at 20 dB it moves the likelihood by .003 nats."""
_LOUDEST = 1e5
"""Largest energy of a source over the noise for which single precision will do: beyond it B^H B + σ² P⁻¹ of two sources
at one place is no longer positive."""
_BEST = 16
"""Best points of a scan at which gains are computed with all of their energies."""
_TILE_BYTES = 1 << 21
"""Of inner products whose likelihood is formed at a time."""
_LOG_POWER = (-25.0, 10.0, 2.0)
_LOG_NOISE = (-25.0, 1.0, 1.0)
"""Lowest, highest and largest change in one iteration, for unit mean power of measurements and channel."""


class StochasticLikelihood:
    """The stochastic likelihood of some scenes.

    Args:
        observation: scaled scenes in complex128, see `normalise.scale`.
        region: the field of view.
    """

    def __init__(self, observation: Observation, region: SearchRegion) -> None:
        self.observation = observation
        self.grid: SearchGrid = search_grid(region, observation.array)
        self.region = region
        self.rivals: list[Rivals] = []

    @cached_property
    def outline(self) -> Outline | None:
        """How a large panel is scanned."""
        return outline_of(self.observation, self.grid)

    @cached_property
    def seen(self) -> GridScan:
        """How any other array is scanned; made at the first scan, since a polish needs none."""
        return GridScan(self.observation, kept_steering(self.observation.array, self.grid))

    def nothing(self, rows: Rows) -> Hypothesis:
        """No source: σ² = mean |y|²."""
        y = self.observation.blocks[rows]
        power = torch.view_as_real(y).square().sum(-1).mean(dim=(-1, -2))
        equations = y.shape[-1] * y.shape[-2]
        empty = power.new_zeros((rows.numel(), 0))
        value = equations * (power.log() + 1)
        cosines = empty.unsqueeze(-1).expand(-1, -1, len(self.grid.steps))
        return Hypothesis(cosines, empty, power.log(), value, torch.ones_like(rows).bool())

    def scan(self, rows: Rows, given: Hypothesis) -> tuple[Tensor, Tensor]:
        """T(g) = 2 max_p Σ_l [p α_l/(1 + p β_l) - log(1 + p β_l)] and log p at every grid point.

        α_l = |b_l^H Γ_l⁻¹ y_l|² and β_l = b_l^H Γ_l⁻¹ b_l with Γ_l the covariance of the given sources; the power is
        the maximum-likelihood one by Fisher scoring. Only at the best points all of ‖b_l‖² is counted.
        """
        noise = given.log_noise.exp().float()
        beside = self._beside(rows, given)
        filters = beside.filters(self.observation.blocks[rows])
        if self.outline is None:
            gains, powers = self._looked_at(rows, filters, noise, *self.seen.gains(rows, beside, noise))
            return gains, powers.log()
        parts = [self._outlined(self.outline, *each) for each in zip(rows.tolist(), filters, noise, strict=True)]
        gains, powers = (torch.stack(each) for each in zip(*parts, strict=True))
        return gains, powers.log()

    def _looked_at(
        self, rows: Rows, filters: Tensor, noise: Tensor, gains: Tensor, powers: Tensor
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """A scan, (row, point), with the gains of its best points as they are."""
        best = gains.topk(min(_BEST, gains.shape[1])).indices
        vectors = steering_at(self.grid.points()[best].float(), self.observation.array)
        response = self.rough.of(rows).response(vectors.to(self.rough.codes.dtype))  # (row, block, point, antenna)
        seen = filters.to(response.dtype) @ response.mT
        outputs, parts = (torch.view_as_real(x).square().sum(-1) for x in (seen, response))
        exact = gain_beside(outputs.transpose(0, 1), parts.sum(-1).transpose(0, 1), noise[:, None])
        return gains.scatter(1, best, exact[0]), powers.scatter(1, best, exact[1])

    def _outlined(self, outline: Outline, scene: int, filters: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The same of one row of a large panel, (point,): in outline, and exactly at the best points."""
        on_grid = outline.steering.on_grid
        seen = gain_beside(outline.outputs(scene, filters), outline.energy(scene), noise)
        gain, power = (on_grid(x) for x in seen)
        best = outline.looked_at(gain)
        response = outline.responses(scene, self.grid.points()[best])
        outputs, parts = (torch.view_as_real(x).square().sum(-1) for x in (filters.to(response) @ response, response))
        gain[best], power[best] = gain_beside(outputs, parts.sum(1), noise)
        return gain, power

    def _beside(self, rows: Rows, given: Hypothesis) -> Beside:
        """The given sources, and over y^H and their b^H the filters (σ² Γ⁻¹ y)^H and U^H, σ² Γ⁻¹ = I - U U^H."""
        y, noise = self.observation.blocks[rows], given.log_noise.exp()
        scenes, cosines, number = shared_sources(rows, given.cosines)
        vectors = steering_at(cosines.unsqueeze(1), self.observation.array)
        known = self.rough.of(scenes).response(vectors.to(self.rough.codes.dtype)).squeeze(2).to(y.dtype)
        b = known[number].transpose(1, 2)  # (row, block, source, antenna)
        load = noise[:, None] * (-given.log_powers).exp()
        small = b.conj() @ b.mT + torch.diag_embed(load).to(b.dtype).unsqueeze(1)
        eye = torch.eye(small.shape[-1], dtype=b.dtype, device=b.device).expand(small.shape)
        inverse = factored(small).forward(eye)  # U^H = L⁻¹ B^H
        fitted = inverse @ (b.conj() @ y.unsqueeze(-1))  # U^H y
        residual = torch.cat([torch.ones_like(y[:, :, :1, None]), -fitted.mH @ inverse], dim=-1)
        subspace = torch.cat([torch.zeros_like(fitted), inverse], dim=-1)
        return Beside(scenes, known, number, torch.cat([residual, subspace], dim=-2))

    def refine(
        self, rows: Rows, start: Hypothesis, *, iterations: int, tolerance: float, ceiling: Ceiling | None = None
    ) -> Hypothesis:  # fmt: skip
        """Fisher scoring over (a, b, q, log p) of every source and log σ², in the chart at the start."""
        return self._minimise(rows, start, self._box(start.cosines.shape[1]), iterations, tolerance, ceiling)

    @cached_property
    def rough(self) -> Sounding:
        """Codes and channel in single precision."""
        seen = self.observation
        return Sounding(
            array=seen.array, codes=seen.codes.to(torch.complex64), channel=seen.channel.to(torch.complex64)
        )

    def start_at(self, rows: Rows, cosines: Tensor) -> Hypothesis:
        """A hypothesis at given (u, w, q) with powers and noise fitted by Fisher scoring, the positions held.

        It starts from equal powers that explain 90 % of the measured power.
        """
        sources, array = cosines.shape[1], self.observation.array
        response = self.rough.of(rows).response(steering_at(cosines, array).to(self.rough.codes.dtype))
        gram = response_gram(response.to(torch.complex128), self.observation.blocks[rows], kinds=1)
        start = torch.full_like(cosines[:, 0, 0], math.log(0.9 / (sources * len(array)))).unsqueeze(1)
        point = torch.cat([start.expand(-1, sources), torch.full_like(start, math.log(0.1))], dim=1)

        def evaluate(x: Tensor, subset: Tensor) -> Local:
            return quadratic(gram[subset], *x.split([sources, 1], dim=1))

        end = minimise(evaluate, point, self._box(sources, held=True), iterations=10, tolerance=1e-2)
        return Hypothesis(cosines, end.point[:, :-1], end.point[:, -1], end.value, end.converged)

    def _minimise(
        self, rows: Rows, start: Hypothesis, box: Box, iterations: int, tolerance: float, ceiling: Ceiling | None = None
    ) -> Hypothesis:  # fmt: skip
        sources, chart = start.cosines.shape[1], chart_at(start.cosines, self.observation.array)
        coordinates = chart.coordinates(start.cosines)
        point = torch.cat([coordinates.flatten(1), start.log_powers, start.log_noise[:, None]], dim=1)

        sounding = self.observation if tolerance < ROUGH else self.rough

        def evaluate(x: Tensor, subset: Tensor) -> Local:
            return self._local(rows[subset], x, sources, chart[subset], sounding)

        end = minimise(evaluate, point, box, iterations=iterations, tolerance=tolerance, ceiling=ceiling)
        coordinates, log_powers, log_noise = end.point.split([3 * sources, sources, 1], dim=1)
        cosines = chart.cosines(coordinates.unflatten(1, (sources, 3)))
        return Hypothesis(cosines, log_powers, log_noise[:, 0], end.value, end.converged)

    def _local(self, rows: Rows, x: Tensor, sources: int, chart: Chart, sounding: Sounding) -> Local:
        """NLL, score and Fisher information at parameter vectors."""
        coordinates, log_powers, log_noise = x.split([3 * sources, sources, 1], dim=1)
        coordinates, y = coordinates.unflatten(1, (sources, 3)), self.observation.blocks[rows]
        if sounding is self.rough and self._single(log_powers, log_noise):
            vectors = panel_block(chart, coordinates.float()).to(torch.complex64)
            return quadratic(response_gram(sounding.of(rows).response(vectors), y, kinds=4), log_powers, log_noise)
        return quadratic(snapshot_gram(coordinates, chart, sounding.of(rows), y), log_powers, log_noise)

    def _single(self, log_powers: Tensor, log_noise: Tensor) -> bool:
        """Whether Grams of single precision will do."""
        energy = self.observation.channel.shape[-2:].numel()
        return bool((log_noise > math.log(SINGLE)).all()) and factors_in_single(log_powers, log_noise, energy)

    def scores(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Gradient of the NLL at a hypothesis, block by block, (row, block, parameter)."""
        chart = chart_at(at.cosines, self.observation.array)
        seen, powers, noise = self.observation, at.log_powers.exp(), at.log_noise.exp()
        gram = snapshot_gram(chart.coordinates(at.cosines), chart, seen.of(rows), seen.blocks[rows])
        return block_scores(whiten(gram, powers, noise), powers)

    def held_out(self, rows: Rows, at: Hypothesis) -> Tensor:
        """NLL of each snapshot at the optimum of all others, (row, snapshot)."""
        chart = chart_at(at.cosines, self.observation.array)
        gram = snapshot_gram(
            chart.coordinates(at.cosines), chart, self.observation.of(rows), self.observation.blocks[rows]
        )
        return held_out_random(gram, at.log_powers.exp(), at.log_noise.exp(), self.observation.array.frequencies)

    def information(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Fisher information at a hypothesis, (row, parameter, parameter)."""
        chart = chart_at(at.cosines, self.observation.array)
        coordinates = chart.coordinates(at.cosines)
        point = torch.cat([coordinates.flatten(1), at.log_powers, at.log_noise[:, None]], dim=1)
        return self._local(rows, point, at.cosines.shape[1], chart, self.observation).curvature

    def _box(self, sources: int, *, held: bool = False) -> Box:
        return likelihood_box(None if held else self.grid, sources, self.observation.elements)


def factors_in_single(log_powers: Tensor, log_noise: Tensor, energy: int) -> bool:
    """Whether B^H B + σ² P⁻¹ of single precision can be factored whatever the places, for ‖b‖² of about this energy."""
    return bool((log_powers - log_noise < math.log(_LOUDEST / energy)).all())


def quadratic(gram: Gram, log_powers: Tensor, log_noise: Tensor) -> Local:
    """NLL, score and Fisher information over the positions that move, the powers and the noise; sums are double."""
    each = max(1, _TILE_BYTES // (gram.vectors[:1].nbytes or 1))
    if len(log_noise) > each:  # what stays in cache is faster than what pages in
        parts = [quadratic(gram[some], log_powers[some], log_noise[some]) for some in _slices(len(log_noise), each)]
        return Local(*(torch.cat([vars(part)[name] for part in parts]) for name in vars(parts[0])))
    powers, noise = (x.exp().to(gram.energy.dtype) for x in (log_powers, log_noise[:, 0]))
    whitened = whiten(gram, powers, noise)
    value, slope, curvature = (
        negative_log_likelihood(whitened),
        score(whitened, powers),
        fisher_information(whitened, powers),
    )
    return Local(value.double(), slope.double(), curvature.double())


def _slices(count: int, each: int) -> list[slice]:
    return [slice(first, first + each) for first in range(0, count, each)]


def likelihood_box(grid: SearchGrid | None, sources: int, like: Tensor) -> Box:
    """Limits of the positions, unless they are held, of the log powers and of log σ²."""
    ends = ([], [], []) if grid is None else position_box(grid, sources)
    rest = [[*[power] * sources, noise] for power, noise in zip(_LOG_POWER, _LOG_NOISE, strict=True)]
    lower, upper, stride = (like.new_tensor([*p, *r]) for p, r in zip(ends, rest, strict=True))
    return Box(lower, upper, stride, 0 if grid is None else sources)


def position_box(grid: SearchGrid, sources: int) -> tuple[list[float], list[float], list[float]]:
    """Lower and upper ends and largest change of (a, b, q) of every source, flattened source by source."""
    lower, upper = ([end[side] for end in grid.box] for side in (0, 1))
    return lower * sources, upper * sources, grid.strides * sources
