"""How constant-symbol measurements are searched: the residual ‖P⊥(B) y‖² on a grid and off it."""

from dataclasses import replace
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

from ....likelihood import (
    StackedStatistics,
    held_out_steady,
    position_information,
    position_scores,
    project,
    residual_gradient,
    snapshot_gram,
    stacked_statistics,
)
from ....physics import Array, Chart, Observation, chart_at, steering_at
from ...grid import SearchGrid, search_grid
from ...region import SearchRegion
from ..hypothesis import Hypothesis, Rivals, Rows
from ..large.outline import Outline, outline_of
from ..levenberg import ROUGH, Box, Ceiling, Local, minimise
from ..scanning.steered import GridSteering, kept_steering, products, room
from ..stochastic import position_box

_FEW = 1000
"""Grid points below which the grid is made twice as fine."""


class PilotLikelihood:
    """The concentrated likelihood L M log ‖P⊥(B) y‖² of some scenes, B stacked over the snapshots.

    Everything is computed from Q = Σ G_l^H G_l and z = Σ G_l^H y_l; the energies a^H Q a are kept for scanning. Each
    frequency has symbols of its own; residuals add up, and L M counts all of them.

    Args:
        observation: scaled scenes in complex128, see `normalise.scale`.
        region: the field of view.
        statistics: what a scene says of a pilot, where it is not heard in white noise; else that of the measurements.
    """

    def __init__(
        self, observation: Observation, region: SearchRegion, statistics: StackedStatistics | None = None
    ) -> None:  # fmt: skip
        self.observation = observation
        self.region = region
        self.rivals: list[Rivals] = []
        self.grid: SearchGrid = pilot_grid(region, observation.array)
        self.statistics = stacked_statistics(observation) if statistics is None else statistics
        self.rough = self.statistics.rough()
        self.equations = self.statistics.equations * observation.array.frequencies

    @cached_property
    def steering(self) -> GridSteering:
        """Steering vectors of the grid."""
        return kept_steering(self.observation.array, self.grid)

    @cached_property
    def outline(self) -> Outline | None:
        """In place of all steering vectors on a large panel."""
        return outline_of(self.observation, self.grid)

    @cached_property
    def energy(self) -> Tensor:
        """‖T a‖² of every scene at all grid points, (image, scene, frequency, point); in outline on a large panel."""
        if self.outline is not None:
            scenes = range(len(self.observation))
            return torch.stack([self.outline.energy(scene).sum(0) for scene in scenes])[None, :, None]
        rows = self.steering.rows(self.rough.operator)
        shape = (self.steering.images, *rows.shape[1:3], self.steering.points)
        energy = rows.new_empty(shape)
        for columns, tile in zip(self.steering.columns, self.steering.tiles, strict=True):
            for scene, frequency in product(range(shape[1]), range(shape[2])):
                parts = rows[:, scene, frequency].split(room(rows, tile), dim=1)
                seen = sum(products(part, tile[frequency]).square_().sum(1) for part in parts)
                energy[:, scene, frequency, columns] = seen
        return energy

    def nothing(self, rows: Rows) -> Hypothesis:
        """No source: the residual is all of the measurements."""
        energy = self.statistics.energy[rows].sum(-1)
        empty = energy.new_zeros((rows.numel(), 0))
        return Hypothesis(
            empty.unsqueeze(-1).expand(-1, -1, len(self.grid.steps)),
            empty,
            (energy / self.equations).log(),
            self.equations * energy.log(),
            torch.ones_like(rows).bool(),
        )

    def start_at(self, rows: Rows, cosines: Tensor) -> Hypothesis:
        """A hypothesis at given cosines."""
        nothing = self.nothing(rows)
        return replace(nothing, cosines=cosines, log_powers=cosines.new_zeros(cosines.shape[:2]))

    def scan(self, rows: Rows, given: Hypothesis) -> tuple[Tensor, Tensor]:
        """T(g) = 2 L M log(f / (f - Σ |b^H r|² / ‖P⊥(B) b‖²)), r = P⊥(B) y, f = ‖r‖², over frequencies."""
        s = self.rough
        residual, left = s.energy[rows].sum(-1), s.measured[rows]  # r = t - B s
        subspace = left.new_zeros((*left.shape[:-1], 0, left.shape[-1]))
        if given.cosines.shape[1] > 0:
            response = s.response(self._vectors(given.cosines), rows)
            small = response.conj() @ response.mT
            mean = small.diagonal(dim1=-2, dim2=-1).real.mean(-1)[..., None, None]
            eye = torch.eye(small.shape[-1], dtype=small.dtype, device=small.device)
            factor = torch.linalg.cholesky(small + 1e-12 * mean * eye)
            subspace = torch.linalg.solve_triangular(factor, response.conj(), upper=False)  # rows: orthonormal B^H
            fitted = (subspace @ left.unsqueeze(-1)).squeeze(-1)
            residual = residual - torch.view_as_real(fitted).square().sum(dim=(-1, -2, -3))
            left = left - (subspace.mH @ fitted.unsqueeze(-1)).squeeze(-1)
        filters = s.adjoint(torch.cat([left.conj().unsqueeze(-2), subspace], dim=-2), rows)
        gain, log_power = self._gain_beside(self._outputs(filters), self.energy[:, rows], residual[:, None].float())
        if self.outline is not None:
            outlined = (self.outline.steering.on_grid(x[0]) for x in (gain, log_power))
            return self._looked_at(self.outline, filters, rows, residual, *outlined)
        on_grid = self.steering.mirrors.on_grid
        return on_grid(gain.movedim(0, -2)), on_grid(log_power.movedim(0, -2))

    def _gain_beside(self, outputs: Tensor, energy: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
        """Gain and log power of one more source, (..., row, point).

        Args:
            outputs: |b^H r|² and |U^H b|², (..., row, frequency, filter, point).
            energy: ‖b‖², (..., row, frequency, point).
            residual: ‖r‖², (row, 1).
        """
        rest = (energy - outputs[..., 1:, :].sum(-2)).clamp_min(1e-2 * energy)
        found = outputs[..., 0, :]
        share = ((found / rest).sum(-2) / residual).clamp_max(1 - 1e-6)
        gain = -2 * self.equations * torch.log1p(-share)
        return gain, (found / rest.square()).mean(-2).clamp_min(1e-30).log()

    def _looked_at(
        self, outline: Outline, filters: Tensor, rows: Rows, residual: Tensor, gain: Tensor, log_power: Tensor
    ) -> tuple[Tensor, Tensor]:
        """An outlined scan, (row, point), exact at its best points; filters are (row, frequency, filter, element)."""
        best = outline.looked_at(gain)
        vectors = self._vectors(self.grid.points()[best]).to(filters)
        response = self.rough.response(vectors, rows)
        outputs, parts = (torch.view_as_real(x).square().sum(-1) for x in (filters @ vectors.mT, response))
        exact = self._gain_beside(outputs, parts.sum(-1), residual[:, None])
        return gain.scatter(1, best, exact[0].to(gain)), log_power.scatter(1, best, exact[1].to(gain))

    def _outputs(self, filters: Tensor) -> Tensor:
        """Squares of what filters (row, frequency, filter, element) see, (image, row, frequency, filter, point)."""
        if self.outline is not None:
            return self.outline.steering.squares(filters.flatten(0, -2)).unflatten(0, filters.shape[:-1])[None]
        rows = self.steering.rows(filters)
        seen = [
            torch.stack([products(rows[:, :, f].flatten(1, 2), part) for f, part in enumerate(tile)], dim=1)
            for tile in self.steering.tiles
        ]
        outputs = seen[0] if len(seen) == 1 else torch.cat(seen, dim=-1)
        outputs = outputs.square_().unflatten(2, (rows.shape[1], -1)).transpose(1, 2)
        return outputs.unflatten(-2, (2, -1)).sum(-3)

    def _vectors(self, cosines: Tensor) -> Tensor:
        """Steering vectors with a frequency axis, (row, frequency, source, element)."""
        vectors = steering_at(cosines, self.observation.array)
        return vectors if self.observation.wide else vectors.unsqueeze(1)

    def refine(
        self, rows: Rows, start: Hypothesis, *, iterations: int, tolerance: float, ceiling: Ceiling | None = None
    ) -> Hypothesis:  # fmt: skip
        """Variable projection: Gauss-Newton with the Kaufman Jacobian over (a, b, q), in the chart at the start.

        Powers and noise are those of the start until a refinement is exact: a search needs neither.
        """
        sources, chart = start.cosines.shape[1], chart_at(start.cosines, self.observation.array)
        like = self.observation.elements
        lower, upper, stride = (like.new_tensor(x) for x in position_box(self.grid, sources))
        box = Box(lower, upper, stride, sources)

        statistics = self.statistics if tolerance < ROUGH else self.rough

        def evaluate(x: Tensor, subset: Tensor) -> Local:
            return self._local(statistics, rows[subset], x, chart[subset])

        first = chart.coordinates(start.cosines).flatten(1)
        end = minimise(evaluate, first, box, iterations=iterations, tolerance=tolerance, ceiling=ceiling)
        coordinates = end.point.unflatten(1, (sources, 3))
        if statistics is self.rough:
            return replace(start, cosines=chart.cosines(coordinates), value=end.value, converged=end.converged)
        projection = project(statistics.at(coordinates, chart, rows))
        log_powers = torch.view_as_real(projection.symbols).square().sum(-1).mean(-2).clamp_min(1e-30).log()
        log_noise = (
            projection.residual.sum(-1) / (self.equations - sources * self.observation.array.frequencies)
        ).log()
        return Hypothesis(chart.cosines(coordinates), log_powers, log_noise, end.value, end.converged)

    def _local(self, statistics: StackedStatistics, rows: Rows, x: Tensor, chart: Chart) -> Local:
        """L M log f, its gradient and the Gauss-Newton curvature, all in nats."""
        projection = project(statistics.at(x.unflatten(1, (-1, 3)), chart, rows))
        residual = projection.residual.sum(-1)
        scale = self.equations / residual
        return Local(
            self.equations * residual.log(),
            scale[:, None] * residual_gradient(projection).sum(-2),
            scale[:, None, None] * position_information(projection, projection.symbols).sum(-3),
        )

    def source_gains(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Gain of each source, (row, source): 2 (NLL without - NLL with), the others' positions held.

        Leaving source k out raises the residual by |s_k|² / [(B^H B)⁻¹]_kk.
        """
        chart = chart_at(at.cosines, self.observation.array)
        gram = self.statistics.at(chart.coordinates(at.cosines), chart, rows)
        projection = project(gram)
        inverse = torch.linalg.inv(gram.vectors[..., : gram.sources, : gram.sources])
        weight = inverse.diagonal(dim1=-2, dim2=-1).real
        rise = (torch.view_as_real(projection.symbols).square().sum(-1) / weight).sum(-2)
        return 2 * self.equations * torch.log1p(rise / projection.residual.sum(-1)[:, None])

    def scores(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Gradient of ‖P⊥(B) y‖²/σ² over the positions at a hypothesis, snapshot by snapshot."""
        chart = chart_at(at.cosines, self.observation.array)
        coordinates, seen = chart.coordinates(at.cosines), self.observation
        gram = snapshot_gram(coordinates, chart, seen.of(rows), seen.blocks[rows])
        terms = position_scores(gram, self.statistics.at(coordinates, chart, rows))
        return terms / at.log_noise.exp()[:, None, None]

    def held_out(self, rows: Rows, at: Hypothesis) -> Tensor:
        """NLL of each snapshot at the optimum of all others, (row, snapshot)."""
        chart, seen = chart_at(at.cosines, self.observation.array), self.observation
        gram = snapshot_gram(chart.coordinates(at.cosines), chart, seen.of(rows), seen.blocks[rows])
        return held_out_steady(gram, seen.array.frequencies)

    def information(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Fisher information of the positions at a hypothesis, with the noise variance estimated there."""
        chart = chart_at(at.cosines, self.observation.array)
        projection = project(self.statistics.at(chart.coordinates(at.cosines), chart, rows))
        information = position_information(projection, projection.symbols).sum(-3)
        return information / at.log_noise.exp()[:, None, None]


def pilot_grid(region: SearchRegion, array: Array) -> SearchGrid:
    """The search grid, twice as fine where it is small: coherent sources interfere, and a line has few points."""
    grid = search_grid(region, array)
    return search_grid(region, array, oversampling=2.0) if grid.size < _FEW else grid
