"""How random-symbol measurements are searched: y_l ~ CN(0, B_l P B_l^H + σ² I), on a grid and off it."""

import math
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

from ...likelihood import (
    Gram,
    block_scores,
    fisher_information,
    negative_log_likelihood,
    response_gram,
    score,
    snapshot_gram,
    whiten,
)
from ...physics import Chart, Observation, Sounding, chart_at, coded_operator, steering_at
from ..grid import SearchGrid, search_grid
from ..region import SearchRegion
from .hypothesis import Hypothesis, Rivals, Rows
from .large.outline import Outline, outline_of
from .levenberg import ROUGH, Box, Local, minimise
from .steered import GridSteering, kept_steering, products, real_rows

_TILE_BYTES = 1 << 21
"""Of inner products whose likelihood is formed at a time."""
_LOG_POWER = (-25.0, 10.0, 2.0)
_LOG_NOISE = (-25.0, 1.0, 1.0)
"""Lowest, highest and largest change in one iteration, for unit mean power of measurements and channel."""


class StochasticLikelihood:
    """The stochastic likelihood of some scenes, with their coded dictionaries G_l a(g) kept for scanning.

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
    def coded(self) -> tuple[list[Tensor], list[Tensor]]:
        """Coded responses and energies on the grid, made at the first scan: a polish needs none."""
        return coded_dictionary(self.observation, self.steering)

    @cached_property
    def outline(self) -> Outline | None:
        """In place of the dictionary on a large panel."""
        return outline_of(self.observation, self.grid)

    @cached_property
    def steering(self) -> GridSteering:
        """Steering vectors of the grid."""
        return kept_steering(self.observation.array, self.grid)

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
        the maximum-likelihood one by Fisher scoring.
        """
        (filters, noise), outline = self._filters(rows, given), self.outline
        gains, powers = (noise.new_empty((rows.numel(), self.grid.size)) for _ in range(2))
        for scene in rows.unique().tolist():
            mine = torch.nonzero(rows == scene).squeeze(-1)
            if outline is None:
                gains[mine], powers[mine] = self._gains(scene, real_rows(filters[mine]), noise[mine])
                continue
            for row in mine.tolist():
                gains[row], powers[row] = self._outlined(outline, scene, filters[row], noise[row])
        return gains, powers.log()

    def _gains(self, scene: int, filters: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Gains and powers of one more source in one scene, (row, point), for the filters of some rows."""
        dictionary, energy = (each[scene] for each in self.coded)
        count = len(filters)
        seen = filters.transpose(0, 1).flatten(1, 2).unsqueeze(1) @ dictionary  # (block, image, row and filter, point)
        outputs = seen.square_().unflatten(2, (count, 2, -1)).sum(3)
        gain, power = _gain_beside(outputs, energy.unsqueeze(2), noise[:, None])
        on_grid = self.steering.mirrors.on_grid
        return on_grid(gain.transpose(0, 1)), on_grid(power.transpose(0, 1))

    def _outlined(self, outline: Outline, scene: int, filters: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The same of one row of a large panel, (point,): in outline, and exactly at the best points."""
        on_grid = outline.steering.on_grid
        seen = _gain_beside(outline.outputs(scene, filters), outline.energy(scene), noise)
        gain, power = (on_grid(x) for x in seen)
        best = outline.looked_at(gain)
        response = outline.responses(scene, self.grid.points()[best])
        outputs, parts = (torch.view_as_real(x).square().sum(-1) for x in (filters.to(response) @ response, response))
        gain[best], power[best] = _gain_beside(outputs, parts.sum(1), noise)
        return gain, power

    def _filters(self, rows: Rows, given: Hypothesis) -> tuple[Tensor, Tensor]:
        """Per snapshot the rows (σ² Γ⁻¹ y)^H and U^H with σ² Γ⁻¹ = I - U U^H; and σ²."""
        y, noise = self.observation.blocks[rows], given.log_noise.exp()
        if given.cosines.shape[1] == 0:
            return y.conj().unsqueeze(-2), noise.float()
        vectors = steering_at(given.cosines, self.observation.array)
        b = self.observation.of(rows).response(vectors)  # (row, block, source, antenna)
        load = noise[:, None] * (-given.log_powers).exp()
        small = b.conj() @ b.mT + torch.diag_embed(load).to(b.dtype).unsqueeze(1)
        subspace = torch.linalg.solve_triangular(torch.linalg.cholesky(small), b.conj(), upper=False)  # U^H
        residual = y - ((subspace @ y.unsqueeze(-1)).mT @ subspace.conj()).squeeze(-2)
        return torch.cat([residual.conj().unsqueeze(-2), subspace], dim=-2), noise.float()

    def refine(
        self, rows: Rows, start: Hypothesis, *, iterations: int, tolerance: float, ceiling: Tensor | None = None
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
        self, rows: Rows, start: Hypothesis, box: Box, iterations: int, tolerance: float, ceiling: Tensor | None = None
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
        y = self.observation.blocks[rows]
        gram = snapshot_gram(coordinates.unflatten(1, (sources, 3)), chart, sounding.of(rows), y)
        return quadratic(gram, log_powers, log_noise)

    def scores(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Gradient of the NLL at a hypothesis, block by block, (row, block, parameter)."""
        chart = chart_at(at.cosines, self.observation.array)
        seen, powers, noise = self.observation, at.log_powers.exp(), at.log_noise.exp()
        gram = snapshot_gram(chart.coordinates(at.cosines), chart, seen.of(rows), seen.blocks[rows])
        return block_scores(whiten(gram, powers, noise), powers)

    def information(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Fisher information at a hypothesis, (row, parameter, parameter)."""
        chart = chart_at(at.cosines, self.observation.array)
        coordinates = chart.coordinates(at.cosines)
        point = torch.cat([coordinates.flatten(1), at.log_powers, at.log_noise[:, None]], dim=1)
        return self._local(rows, point, at.cosines.shape[1], chart, self.observation).curvature

    def _box(self, sources: int, *, held: bool = False) -> Box:
        return likelihood_box(None if held else self.grid, sources, self.observation.elements)


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


def coded_dictionary(observation: Observation, steering: GridSteering) -> tuple[list[Tensor], list[Tensor]]:
    """Coded responses G_l a(g) and their energies ‖G_l a(g)‖² at all grid points, in single precision.

    Complex numbers are stacked as [real; imaginary] along the antenna axis: one real product is several times faster
    than a complex one. Scenes are kept apart, so that they stay in cache.

    Returns:
        For each scene (block, image, 2 antenna, point) and (block, image, point), see `GridSteering`.
    """
    rows = steering.rows(coded_operator(*observation.by_frequency()))  # (parity, scene, frequency, snapshot, ...)
    _, scenes, frequencies, snapshots, antennas, _ = rows.shape
    shape = (frequencies * snapshots, steering.images)
    dictionaries = [rows.new_empty((*shape, antennas, steering.points)) for _ in range(scenes)]
    energies = [rows.new_empty((*shape, steering.points)) for _ in range(scenes)]
    for columns, tile in zip(steering.columns, steering.tiles, strict=True):
        for scene, frequency, snapshot in product(range(scenes), range(frequencies), range(snapshots)):
            block = frequency * snapshots + snapshot
            seen = products(rows[:, scene, frequency, snapshot], tile[frequency])
            dictionaries[scene][block, ..., columns] = seen
            energies[scene][block, :, columns] = seen.square_().sum(1)
    return dictionaries, energies


def likelihood_box(grid: SearchGrid | None, sources: int, like: Tensor) -> Box:
    """Limits of the positions, unless they are held, of the log powers and of log σ²."""
    ends = ([], [], []) if grid is None else position_box(grid, sources)
    rest = [[*[power] * sources, noise] for power, noise in zip(_LOG_POWER, _LOG_NOISE, strict=True)]
    lower, upper, stride = (like.new_tensor([*p, *r]) for p, r in zip(ends, rest, strict=True))
    return Box(lower, upper, stride, 0 if grid is None else sources)


def position_box(grid: SearchGrid, sources: int) -> tuple[list[float], list[float], list[float]]:
    """Lower and upper ends and largest change of (a, b, q) of every source, flattened source by source.

    One iteration may move a source by 0.72 grid steps (0.36 beamwidths) in a and b and 2.3 planes in q.
    """
    lower, upper = ([end[side] for end in grid.box] for side in (0, 1))
    stride = [0.72 * grid.step[0], 0.72 * grid.step[1], 2.3 * grid.step[2]]
    stride = [s if s > 0 else (high - low) for s, low, high in zip(stride, lower, upper, strict=True)]
    return lower * sources, upper * sources, stride * sources


def _gain_beside(outputs: Tensor, energy: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Gain and power of one more source from |b^H r|² and |U^H b|², (block, ..., filter, point), and ‖b‖²."""
    beta = energy
    if outputs.shape[-2] > 1:
        beta = (beta - outputs[..., 1:, :].sum(-2)).clamp_min(1e-3 * beta)
    return one_source_gain(outputs[..., 0, :] / noise.square(), beta / noise)


def one_source_gain(alpha: Tensor, beta: Tensor, iterations: int = 2) -> tuple[Tensor, Tensor]:
    """T = 2 max_p Σ_l [p α_l/(1 + p β_l) - log(1 + p β_l)] over p > 0, and the maximising p.

    Fisher scoring: p = Σ w_l (α_l - β_l) / Σ w_l β_l² with w_l = 1/(1 + p β_l)².

    Args:
        alpha: (snapshot, ...).
        beta: (snapshot, ...), > 0.
        iterations: scoring iterations after the start Σ(α - β)/Σβ²; two leave less than 1 % of a large gain.

    Returns:
        T and p, each (...).
    """
    least = 1e-3 / beta.sum(0).clamp_min(1e-30)
    moments = torch.stack([alpha - beta, beta.square()])
    first, second = moments.sum(1).unbind(0)
    power = torch.maximum(first / second, least)
    for _ in range(iterations if len(alpha) > 1 else 0):  # of one snapshot the start is the maximum
        weight = (power * beta).add_(1).square_()
        first, second = (moments / weight).sum(1).unbind(0)
        power = torch.maximum(first / second, least)
    loaded = power * beta
    explained = (alpha * power).div_(1 + loaded)
    return 2 * explained.sub_(loaded.log1p_()).sum(0).clamp_min_(0), power
