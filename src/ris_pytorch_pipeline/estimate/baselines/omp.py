"""How orthogonal matching pursuit finds sources: one grid point at a time, amplitudes refitted. A baseline."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from ...covariance import tiles
from ...physics import Observation, chart_at, panel_images, steering_at
from ...shapes import Cosines, Counts, Mask
from ..amplitudes import fit_amplitudes, not_known, with_powers
from ..estimate import Estimate, Status, asked_sources
from ..grid import SearchGrid, search_grid
from ..judging import judged
from ..region import SearchRegion


@dataclass(frozen=True, kw_only=True)
class Omp:
    """Orthogonal matching pursuit. A baseline: sources are picked one by one, and moved within half a grid step only.

    Random symbols: simultaneous pursuit with one dictionary b_l(p) = G_l a(p) per snapshot, adding the point with the
    largest fall of the residual, Σ_l |b_l^H r_l|²/‖b_l‖². Pilots: the same on the stacked block, with the fall
    |Σ_l b_l^H r_l|²/Σ_l ‖b_l‖². Several wavelengths have their sources in common, and amplitudes each: their falls add.
    Unknown K: the number of sources with the least BIC, n log(residual) + (real parameters) log n, n = 2 F L M. What
    the grid misses of a strong source looks like further sources, so K is over-estimated at high SNR.

    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("random", horizontal=6, vertical=6, sources=1, snr_db=20.0)
    >>> scenes = ris.simulate(scenario, scenes=1, seed=0)
    >>> found = Omp()(scenes.observation, sources=1)
    >>> bool(ris.matched(found, scenes.truth).found.all())
    True

    Args:
        region: the field of view.
        oversampling: of the grid, relative to half a beamwidth in direction and half a depth of focus in q.
        most_sources: where an estimated order stops.
        batch: scenes at a time.
        fit: whether to say how well the model explains what was found, see `judged`.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    oversampling: float = 1.0
    most_sources: int = 8
    batch: int = 16
    fit: bool = True

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "omp"

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to choose it by BIC.

        Returns:
            The estimate, strongest source first; powers and σ² by least squares on the measurements, no deviations.

        Raises:
            InputError: K below 1, or not below the number of antennas for random symbols.
        """
        not_known(observation)
        limit = observation.most_sources
        if observation.symbols == "random":
            limit = min(limit, observation.measurements.shape[-1] - 1)
        counts = None if sources is None else asked_sources(observation, sources, limit)
        steps = min(self.most_sources, limit) if counts is None else int(counts.max())
        grid = search_grid(self.region, observation.array, self.oversampling)
        parts = []
        for rows in torch.arange(len(observation), device=observation.codes.device).split(self.batch):
            wanted = None if counts is None else counts[rows]
            parts.append(_pursue(observation[rows], grid, steps, wanted))
        cosines, present = (torch.cat(part) for part in zip(*parts, strict=True))
        positions = self.region.reported(cosines, observation.array).masked_fill(~present[..., None], torch.nan)
        order = present.sum(-1)
        empty = torch.full_like(positions, torch.nan)
        ended = tuple(Status.CONVERGED if k else Status.NONE for k in order.tolist())
        found = Estimate(
            positions=positions, order=order, powers=empty[..., 0], deviations=empty,
            noise_variance=empty.new_full((len(order),), torch.nan), status=ended,
        )  # fmt: skip
        found = with_powers(found, observation)
        return judged(found, observation, self.region) if self.fit else found


def _pursue(observation: Observation, grid: SearchGrid, steps: int, wanted: Counts | None) -> tuple[Cosines, Mask]:
    """Add `steps` points, then keep the first `wanted` of each scene, or those of the least BIC."""
    scenes, blocks, antennas = observation.blocks.shape
    points = grid.points()
    cosines = points[:1].expand(scenes, steps, -1).clone()
    slots = torch.arange(steps, device=points.device)
    energy = _grid_energies(observation, points)
    residual = observation.blocks
    parameters = 3 + 2 * (blocks if observation.symbols == "random" else observation.array.frequencies)
    equations = 2 * blocks * antennas
    costs = [_log_energy(residual) * equations]
    for k in range(steps):
        coarse = points[_grid_gains(observation, residual, points, energy).argmax(-1)]
        cosines[:, k] = _zoom(observation, residual, coarse, grid)
        present = (slots <= k).expand(scenes, -1)
        _, residual = fit_amplitudes(observation, cosines, present)
        costs.append(_log_energy(residual) * equations + (k + 1) * parameters * math.log(equations))
    order = torch.stack(costs, dim=-1).argmin(-1) if wanted is None else wanted
    return cosines, slots < order[:, None]


def _log_energy(residual: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    energy = torch.view_as_real(residual).square().sum(dim=(-1, -2, -3))
    return energy.clamp_min(torch.finfo(energy.dtype).tiny).log()


def _zoom(
    observation: Observation, residual: Tensor, coarse: Float[Tensor, "scene coordinate"], grid: SearchGrid
) -> Tensor:
    """The best point of a 7 x 7 x 7 lattice that reaches half a grid step around each coarse point."""
    reach = [torch.linspace(-s / 2, s / 2, 7 if s > 0 else 1) for s in grid.step]
    offsets = torch.cartesian_prod(*reach).to(coarse)
    low, high = (grid.q.min(), grid.q.max())
    around = coarse[:, None].expand(-1, len(offsets), -1)
    chart = chart_at(around, observation.array)
    coordinates = chart.coordinates(around) + offsets
    coordinates[..., 2] = coordinates[..., 2].clamp(low, high)
    around = chart.cosines(coordinates)
    vectors = steering_at(around, observation.array).to(residual.dtype)
    gain = _gain(_numerators(vectors, _images(observation, residual)), _energies(observation, vectors))
    return around[torch.arange(len(coarse), device=coarse.device), gain.argmax(-1)]


def _grid_energies(observation: Observation, points: Cosines) -> Float[Tensor, "scene point block"]:
    """‖b_l(p)‖² of every grid point, in single precision and in tiles."""
    rough = observation.to(dtype=torch.complex64)
    scenes, parts = len(rough), []
    for tile in tiles(points.shape[0], rough.codes.numel() * rough.codes.element_size()):
        vectors = steering_at(points[tile].float(), rough.array)
        parts.append(_energies(rough, vectors.expand(scenes, *vectors.shape)))
    return torch.cat(parts, dim=1)


def _grid_gains(
    observation: Observation, residual: Tensor, points: Cosines, energy: Tensor
) -> Float[Tensor, "scene point"]:
    """How much each grid point would lower the energy of the residual; b_l^H r_l = a^H z_l needs no dictionary."""
    images = _images(observation, residual).to(torch.complex64)
    parts = []
    for tile in tiles(points.shape[0], images.shape[:-2].numel() * max(images.shape[-2:]) * images.element_size()):
        vectors = steering_at(points[tile].float(), observation.array)
        parts.append(_gain(_numerators(vectors, images), energy[:, tile]))
    return torch.cat(parts, dim=1)


def _images(observation: Observation, residual: Tensor) -> Tensor:
    """z_l with b_l^H r_l = a^H z_l, (scene, [frequency,] snapshot, element); summed over the snapshots for pilots."""
    images = panel_images(residual.reshape_as(observation.measurements), observation.codes, observation.channel)
    return images if observation.symbols == "random" else images.sum(-2, keepdim=True)


def _numerators(vectors: Tensor, images: Tensor) -> Float[Tensor, "scene point block"]:
    """|b_l^H r_l|² of every point."""
    each = torch.view_as_real(vectors.conj() @ images.mT).square().sum(-1)
    return each.movedim(1, -2).flatten(-2) if images.ndim == 4 else each


def _energies(observation: Observation, vectors: Tensor) -> Float[Tensor, "scene point block"]:
    """‖b_l(p)‖² of every point and snapshot; for pilots their sum over the snapshots of a wavelength."""
    response = observation.response(vectors)
    energy = torch.view_as_real(response).square().sum(dim=(-1, -2)).mT
    if observation.symbols == "random":
        return energy
    return energy.unflatten(-1, (observation.array.frequencies, -1)).sum(-1)


def _gain(numerators: Tensor, energies: Tensor) -> Float[Tensor, "scene point"]:
    return (numerators / energies.clamp_min(torch.finfo(energies.dtype).tiny)).sum(-1)
