"""How gridded sparse Bayesian learning finds sources: one power per grid point, most of which die out. A baseline."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ...covariance import exact
from ...physics import Observation, steering_at
from ...shapes import Cosines, Counts
from ..amplitudes import not_known, with_powers
from ..estimate import Estimate, asked_sources
from ..grid import SearchGrid, search_grid
from ..judging import judged
from ..normalise import scale
from ..region import SearchRegion
from ..spectral.peaks import Peaks, grid_peaks, keep_distinct
from ..spectral.report import report_peaks

Dictionary = Complex[Tensor, "scene block antenna point"]


@dataclass(frozen=True, kw_only=True)
class SparseBayesian:
    """Gridded covariance fitting with a power at every grid point (LIKES; Stoica and Babu, Signal Processing 92, 2012).

    It minimises Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l over all p_g and σ², Γ_l = Σ_g p_g b_lg b_lg^H + σ² I, by the monotone
    updates p_g ← p_g sqrt(Σ_l |b_lg^H Γ_l⁻¹ y_l|² / Σ_l b_lg^H Γ_l⁻¹ b_lg) and likewise for σ². A baseline, and a slow
    one: neighbouring points are nearly parallel, so a source between them is smeared, and its position is the mean of
    its neighbourhood. Pilots are treated as random symbols. Of several wavelengths l runs over the snapshots of all,
    with one power a grid point. Unknown K: peaks within `least` of the strongest, often too many.

    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("random", horizontal=6, vertical=6, sources=1, snr_db=20.0)
    >>> scenes = ris.simulate(scenario, scenes=1, seed=0)
    >>> found = SparseBayesian()(scenes.observation, sources=1)
    >>> bool(ris.matched(found, scenes.truth).found.all())
    True

    Args:
        region: the field of view.
        oversampling: of the grid, relative to half a beamwidth in direction and half a depth of focus in q.
        iterations: updates of all powers.
        least: smallest power of a peak over the strongest, where K is unknown.
        most_sources: where an estimated order stops.
        batch: scenes at a time, of F wavelengths fewer by F; a default scene's dictionary takes 6 MB.
        fit: whether to say how well the model explains what was found, see `judged`.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    oversampling: float = 1.0
    iterations: int = 40
    least: float = 0.1
    most_sources: int = 8
    batch: int = 8
    fit: bool = True

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "sbl"

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to count the strong peaks.

        Returns:
            The estimate, strongest source first; powers and σ² by least squares on the measurements, no deviations.

        Raises:
            InputError: K out of range, or a scene without energy.
        """
        not_known(observation)
        scaled = scale(observation).observation
        counts = None if sources is None else asked_sources(observation, sources, observation.most_sources)
        grid = search_grid(self.region, scaled.array, self.oversampling)
        most = self.most_sources if counts is None else int(counts.max())
        parts, orders = [], []
        room = max(1, self.batch // scaled.array.frequencies)
        for rows in torch.arange(len(observation), device=scaled.codes.device).split(room):
            rough = scaled[rows].to(dtype=torch.complex64)
            power, _ = fit_powers(dictionary(rough, grid.points()), rough.blocks, self.iterations)
            peaks = _peaks(power.double(), grid, most)
            order = (peaks.score >= self.least * peaks.score[:, :1]).sum(-1) if counts is None else counts[rows]
            slot = torch.arange(peaks.score.shape[1], device=order.device)
            kept = peaks.score.masked_fill(slot >= order[:, None], -torch.inf)
            level = kept.masked_fill(kept == -torch.inf, torch.nan)
            parts.append((rows, Peaks(peaks.cosines, kept, peaks.settled), level))
            orders.append(order)
        found = report_peaks(parts, torch.cat(orders), 0.0, self.region, scaled.array)
        found = with_powers(found, observation)
        return judged(found, observation, self.region) if self.fit else found


def dictionary(observation: Observation, points: Cosines) -> Dictionary:
    """b_lg = G_l a(p_g) of every grid point, the snapshots of all wavelengths on one axis."""
    vectors = steering_at(points.to(observation.elements.dtype), observation.array)
    return observation.response(vectors.expand(len(observation), *vectors.shape)).mT


def fit_powers(
    atoms: Dictionary, measurements: Complex[Tensor, "scene block antenna"], iterations: int
) -> tuple[Float[Tensor, "scene point"], Float[Tensor, "scene"]]:  # noqa: F821
    """Powers of all grid points and σ² after some updates, from the same power everywhere."""
    antennas, points = atoms.shape[-2:]
    energy = torch.view_as_real(atoms).square().sum(dim=(-1, -3, -4))
    total = torch.view_as_real(measurements).square().sum(dim=(-1, -2, -3))
    power = (total[:, None] / energy / points).masked_fill(energy == 0, 0.0)
    noise = 0.1 * total / measurements[0].numel()
    eye = torch.eye(antennas, dtype=atoms.dtype, device=atoms.device)
    for _ in range(iterations):
        with exact(atoms):
            gamma = (atoms * power[:, None, None]) @ atoms.mH + noise[:, None, None, None] * eye
            factor = torch.linalg.cholesky(gamma)
            white = torch.linalg.solve_triangular(factor, atoms, upper=False)
            seen = torch.linalg.solve_triangular(factor, measurements[..., None], upper=False)
            inner = torch.view_as_real(white.mH @ seen).square().sum(dim=(-1, -2)).sum(1)
            inverse = torch.linalg.solve_triangular(factor, eye.expand_as(factor), upper=False)
            unexplained = torch.view_as_real(inverse.mH @ seen).square().sum(dim=(-1, -2, -3, -4))
        power = power * (inner / torch.view_as_real(white).square().sum(dim=(-1, -3)).sum(1)).sqrt()
        noise = noise * (unexplained / torch.view_as_real(inverse).square().sum(dim=(-1, -2, -3, -4))).sqrt()
        noise = noise.clamp_min(1e-5 * total / measurements[0].numel())
    return power, noise


def _peaks(power: Float[Tensor, "scene point"], grid: SearchGrid, keep: int) -> Peaks:
    """Directions with the most power over all distances, each at the mean of its neighbourhood."""
    volume = grid.volume(power, 0.0)
    along = volume / volume.amax(-1, keepdim=True).clamp_min(torch.finfo(power.dtype).tiny)
    ridges = (volume.sum(-1, keepdim=True) * along).masked_fill(~grid.valid[..., None], -torch.inf)
    starts, height = grid_peaks(ridges, grid, 2 * keep + 2)
    points = grid.points()
    across = grid.steps[:-1]
    near = ((points[:, :-1] - starts[:, :, None, :-1]).abs() <= 1.01 * points.new_tensor(across)).all(-1)
    weight = near * power[:, None]
    centre = (weight @ points) / weight.sum(-1, keepdim=True).clamp_min(torch.finfo(power.dtype).tiny)
    if grid.angles:
        centre = torch.cat([centre[..., :3] / centre[..., :3].norm(dim=-1, keepdim=True), centre[..., 3:]], dim=-1)
    found = Peaks(centre, height, torch.ones_like(height, dtype=torch.bool))
    return keep_distinct(found, keep, (*across, torch.inf))
