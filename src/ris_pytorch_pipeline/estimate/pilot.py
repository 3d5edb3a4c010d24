"""How constant-symbol measurements are searched: the residual ‖P⊥(B) y‖² on a grid and off it."""

from dataclasses import replace

import torch
from torch import Tensor

from ..likelihood import StackedStatistics, position_information, project, residual_gradient, stacked_statistics
from ..physics import Observation, steering_at
from .hypothesis import Hypothesis, Rows
from .levenberg import Box, Local, minimise
from .region import SearchGrid, SearchRegion, search_grid
from .stochastic import position_box, real_rows, real_steering


class PilotLikelihood:
    """The concentrated likelihood L M log ‖P⊥(B) y‖² of some scenes, B stacked over the snapshots.

    Everything is computed from Q = Σ G_l^H G_l and z = Σ G_l^H y_l; the energies a^H Q a are kept for scanning.

    Args:
        observation: scaled scenes in complex128, see `normalise.scale`.
        region: the field of view.
    """

    def __init__(self, observation: Observation, region: SearchRegion) -> None:
        self.observation = observation
        self.region = region
        self.grid: SearchGrid = search_grid(region, observation.elements, observation.wavelength)
        self.statistics = stacked_statistics(observation.codes, observation.channel, observation.measurements)
        self.vectors = [vectors for _, vectors in real_steering(observation, self.grid)]  # (2 element, point) tiles
        self.energy = torch.stack([self._energy(gram) for gram in self.statistics.gram])

    def _energy(self, gram: Tensor) -> Tensor:
        """a^H Q a of one scene at all grid points, (point,)."""
        rows = real_rows(gram)
        return torch.cat([((rows @ tile) * tile).sum(0) for tile in self.vectors])

    def _of(self, rows: Rows) -> StackedStatistics:
        s = self.statistics
        return StackedStatistics(s.gram[rows], s.image[rows], s.energy[rows], s.equations)

    def nothing(self, rows: Rows) -> Hypothesis:
        """No source: the residual is all of the measurements."""
        energy = self.statistics.energy[rows]
        empty = energy.new_zeros((rows.numel(), 0))
        return Hypothesis(
            empty.unsqueeze(-1).expand(-1, -1, 3),
            empty,
            (energy / self.statistics.equations).log(),
            self.statistics.equations * energy.log(),
            torch.ones_like(rows).bool(),
        )

    def start_at(self, rows: Rows, cosines: Tensor) -> Hypothesis:
        """A hypothesis at given (u, w, q)."""
        nothing = self.nothing(rows)
        return replace(nothing, cosines=cosines, log_powers=cosines.new_zeros(cosines.shape[:2]))

    def scan(self, rows: Rows, given: Hypothesis) -> tuple[Tensor, Tensor]:
        """T(g) = 2 L M log(f / (f - |b^H r|² / ‖P⊥(B) b‖²)) with r = P⊥(B) y and f = ‖r‖²; and log power."""
        s = self._of(rows)
        image, residual = s.image, s.energy
        filters = image.unsqueeze(-2).conj()
        if given.cosines.shape[1] > 0:
            vectors = steering_at(given.cosines, self.observation.elements, self.observation.wavelength)
            through = s.gram @ vectors.mT  # Q A
            small = vectors.conj() @ through
            mean = small.diagonal(dim1=-2, dim2=-1).real.mean(-1)[:, None, None]
            eye = torch.eye(small.shape[-1], dtype=small.dtype, device=small.device)
            factor = torch.linalg.cholesky(small + 1e-12 * mean * eye)
            subspace = torch.linalg.solve_triangular(factor, through.mH, upper=False)  # rows: orthonormal B, times G
            fitted = torch.linalg.solve_triangular(factor, vectors.conj() @ image.unsqueeze(-1), upper=False)
            residual = residual - torch.view_as_real(fitted).square().sum(dim=(-1, -2, -3))
            filters = torch.cat([filters - fitted.mH @ subspace, subspace], dim=-2)
        products = torch.cat([real_rows(filters) @ tile for tile in self.vectors], dim=-1)
        outputs = products.square_().unflatten(-2, (2, -1)).sum(-3)
        energy = self.energy[rows]
        left = (energy - outputs[:, 1:].sum(1)).clamp_min(1e-2 * energy)
        share = (outputs[:, 0] / (left * residual[:, None].float())).clamp_max(1 - 1e-6)
        return -2 * s.equations * torch.log1p(-share), (outputs[:, 0] / left.square()).clamp_min(1e-30).log()

    def refine(self, rows: Rows, start: Hypothesis, *, iterations: int, tolerance: float) -> Hypothesis:
        """Variable projection: Gauss-Newton with the Kaufman Jacobian over (u, w, q) of every source."""
        sources = start.cosines.shape[1]
        like = self.observation.elements
        lower, upper, stride = (like.new_tensor(x) for x in position_box(self.region, self.grid, sources))
        box = Box(lower, upper, stride, sources)

        def evaluate(x: Tensor, subset: Tensor) -> Local:
            return self._local(rows[subset], x, sources)

        end = minimise(evaluate, start.cosines.flatten(1), box, iterations=iterations, tolerance=tolerance)
        cosines = end.point.unflatten(1, (sources, 3))
        projection = project(self._of(rows).at(cosines, like, self.observation.wavelength))
        log_powers = torch.view_as_real(projection.symbols).square().sum(-1).clamp_min(1e-30).log()
        log_noise = (projection.residual / (self.statistics.equations - sources)).log()
        return Hypothesis(cosines, log_powers, log_noise, end.value, end.converged)

    def _local(self, rows: Rows, x: Tensor, sources: int) -> Local:
        """L M log f, its gradient and the Gauss-Newton curvature, all in nats."""
        cosines = x.unflatten(1, (sources, 3))
        projection = project(self._of(rows).at(cosines, self.observation.elements, self.observation.wavelength))
        scale = self.statistics.equations / projection.residual
        return Local(
            self.statistics.equations * projection.residual.log(),
            scale[:, None] * residual_gradient(projection),
            scale[:, None, None] * position_information(projection, projection.symbols),
        )

    def source_gains(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Gain of each source, (row, source): 2 (NLL without - NLL with), the others' positions held.

        Leaving source k out raises the residual by |s_k|² / [(B^H B)⁻¹]_kk.
        """
        gram = self._of(rows).at(at.cosines, self.observation.elements, self.observation.wavelength)
        projection = project(gram)
        weight = torch.linalg.inv(gram.vectors[:, : gram.sources, : gram.sources]).diagonal(dim1=-2, dim2=-1).real
        rise = torch.view_as_real(projection.symbols).square().sum(-1) / weight
        return 2 * self.statistics.equations * torch.log1p(rise / projection.residual[:, None])

    def information(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Fisher information of the positions at a hypothesis, with the noise variance estimated there."""
        cosines = at.cosines
        projection = project(self._of(rows).at(cosines, self.observation.elements, self.observation.wavelength))
        return position_information(projection, projection.symbols) / at.log_noise.exp()[:, None, None]
