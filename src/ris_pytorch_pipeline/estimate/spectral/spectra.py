"""How sources are located on a covariance: the peaks of its Bartlett, MVDR or MUSIC spectrum."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ...covariance import (
    Eigen,
    LowRank,
    check_covariance,
    default_jitter,
    eigenpairs,
    grid_energy,
    load,
    trace,
    trace_normalise,
)
from ...errors import InputError
from ...physics import Array, steering_at
from ...shapes import Counts, Covariance
from ..estimate import Estimate
from ..grid import SearchGrid, search_grid
from ..region import SearchRegion
from .order import EigenvalueGap, OrderRule
from .peaks import Peaks, candidates, climb, climbing_together, grid_peaks, keep_distinct
from .report import report_peaks

Columns = Complex[Tensor, "scene *frequency element column"]


@dataclass(frozen=True, kw_only=True)
class Spectral(ABC):
    """The common part: a spectrum ‖V^H a‖²/N on a grid, its peaks along ridges, each refined off the grid.

    A spectral estimator differs from another one in its columns V only. Several wavelengths have a covariance each, and
    the spectrum is the mean of theirs: one grid, for the shortest, and one refinement.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.covariance import true_covariance
    >>> panel = ris.Panel(horizontal=8, vertical=8, spacing=0.15).array(0.3)
    >>> u = torch.tensor([[[0.3, -0.1, 0.5], [-0.4, 0.2, 0.3]]]).double()
    >>> R = true_covariance(u, torch.ones(1, 2).double(), panel)
    >>> for kind in (Bartlett, Mvdr, Music):
    ...     print(kind().name, kind().locate(R, panel).order.tolist())
    bartlett [2]
    mvdr [2]
    music [2]

    Args:
        region: the field of view.
        order: how sources are counted when nobody says.
        oversampling: of the grid, relative to half a beamwidth in direction and half a depth of focus in q.
        suppression: two peaks closer than this part of a beamwidth are one source.
        per_direction: most sources per direction; above 1 they must be parted by two depths of focus and a valley.
        weakest: a peak whose power is below this part of the strongest explains nothing and is no source.
        iterations: most refinement steps.
        batch: most scenes at a time; of large arrays 32.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    order: OrderRule = field(default_factory=EigenvalueGap)
    oversampling: float = 2.0
    suppression: float = 0.5
    per_direction: int = 1
    weakest: float = 1e-4
    iterations: int = 25
    batch: int = 256

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name for tables."""

    @abstractmethod
    def columns(self, eigen: Eigen, sources: int) -> Columns:
        """V, with singular values of at most 1, whose ‖V^H a‖² is largest at the sources.

        >>> import torch
        >>> from ris_pytorch_pipeline.covariance import eigenpairs
        >>> eigen = eigenpairs(torch.diag(torch.tensor([3.0, 1.5, 1.0, 1.0]))[None] + 0j)
        >>> for kind in (Bartlett(), Mvdr(), Music()):  # ‖V^H a‖² of two axes: 1 - 1/3 and 1 - 1/1.5 of MVDR
        ...     print(kind.name, kind.columns(eigen, 1)[0, :2].abs().square().sum(-1))
        bartlett tensor([0.6667, 0.1667])
        mvdr tensor([0.6667, 0.3333])
        music tensor([1., 0.])
        """

    def locate(
        self,
        covariance: Covariance | LowRank,
        array: Array,
        sources: int | Counts | None = None,
        snapshots: int | None = None,
    ) -> Estimate:
        """Locate sources on covariances, such as a network's R_pred.

        Args:
            covariance: (scene, element, element), or its factored form; complex64 or complex128. Of several wavelengths
                (scene, frequency, element, element).
            array: the array.
            sources: K for all scenes, K per scene, or None to count by `order`, on the mean over wavelengths of the
                eigenvalues at trace N: they average more samples, and any rule takes them.
            snapshots: how many samples the covariance averages, each where there are several, for an `order` that asks.

        Returns:
            The estimate, strongest source first; powers by least squares in the units of the covariance, no deviations.

        Raises:
            InputError: no covariance, or K outside 1..N-1.
        """
        eigen, total = _prepare(covariance, array.frequencies)
        size = eigen.vectors.shape[-2]
        array = array.like(eigen.vectors)
        counts = self.order(_over_all(eigen.spectrum), snapshots) if sources is None else _per_scene(sources, eigen)
        grid = search_grid(self.region, array, self.oversampling)
        parts: list[tuple[Tensor, Peaks, Tensor]] = []
        for count in counts[counts > 0].unique().tolist():
            at_a_time = min(self.batch, climbing_together(candidates(count), array))
            for rows in torch.nonzero(counts == count).squeeze(-1).split(at_a_time):
                peaks = self._peaks(eigen[rows], count, grid, array)
                powers = _least_squares_powers(eigen[rows], peaks, array) * total[rows][..., None] / size
                parts.append((rows, peaks, _over_all(powers)))
        return report_peaks(parts, counts, self.weakest, self.region, array)

    def _peaks(self, eigen: Eigen, sources: int, grid: SearchGrid, array: Array) -> Peaks:
        """The best distinct peaks of some scenes, at most `sources`."""
        columns = self.columns(eigen, sources)
        energy = grid_energy(grid.points(), columns.to(torch.complex64), array)
        volume = grid.volume(energy, -torch.inf)
        starts, height = grid_peaks(volume, grid, candidates(sources), self.per_direction)
        found = climb(starts, columns, array, grid, self.iterations)
        score = found.score.masked_fill(height == -torch.inf, -torch.inf)
        return keep_distinct(Peaks(found.cosines, score, found.settled), sources, self._radius(grid))

    def _radius(self, grid: SearchGrid) -> tuple[float, ...]:
        """How near two peaks are one: a grid step times the oversampling is half a beamwidth, or half a depth."""
        *across, q = (step * self.oversampling * 2 if step < 1 else 1.0 for step in grid.steps)
        return *(self.suppression * each for each in across), torch.inf if self.per_direction == 1 else 2 * q


@dataclass(frozen=True, kw_only=True)
class Bartlett(Spectral):
    """The beam with the most power: ‖V^H a‖² = a^H R a / λ_1, V = U sqrt(Λ/λ_1). Resolves a beamwidth and no less.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> panel, place = ris.Panel(horizontal=8, vertical=8, spacing=0.15).array(0.3), torch.tensor([[[0.3, -0.1, 2.0]]])
    >>> vectors = ris.physics.steering(place.double(), panel).mT
    >>> found = Bartlett().locate(vectors @ vectors.mH + 0.01 * torch.eye(64), panel, 1)
    >>> bool(((found.positions - place).abs() < 1e-3).all())
    True
    """

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "bartlett"

    def columns(self, eigen: Eigen, sources: int) -> Columns:
        """U sqrt((Λ - λ_N)/λ_1); the floor adds the same to every position."""
        weight = ((eigen.values - eigen.floor[..., None]).clamp_min(0) / eigen.values[..., :1]).sqrt()
        return _visible(eigen, weight)


@dataclass(frozen=True, kw_only=True)
class Mvdr(Spectral):
    """The minimum-variance beam: N - ‖V^H a‖² = λ_N a^H R⁻¹ a, V = U sqrt(1 - λ_N/Λ), λ_N the least eigenvalue.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> panel, place = ris.Panel(horizontal=8, vertical=8, spacing=0.15).array(0.3), torch.tensor([[[0.3, -0.1, 2.0]]])
    >>> vectors = ris.physics.steering(place.double(), panel).mT
    >>> found = Mvdr().locate(vectors @ vectors.mH + 0.01 * torch.eye(64), panel, 1)
    >>> bool(((found.positions - place).abs() < 1e-3).all())
    True

    Args:
        loading: added to every eigenvalue, relative to tr(R)/N, on top of the default of the precision.
    """

    loading: float = 0.0

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "mvdr"

    def columns(self, eigen: Eigen, sources: int) -> Columns:
        """U sqrt(1 - λ_N/Λ) of the loaded covariance; the columns at the floor vanish."""
        floor = eigen.floor[..., None].clamp_min(0) + self.loading
        return _visible(eigen, (1 - floor / (eigen.values + self.loading)).clamp_min(0).sqrt())


@dataclass(frozen=True, kw_only=True)
class Music(Spectral):
    """The signal subspace: ‖V^H a‖² = ‖U_s^H a‖², K leading eigenvectors; 1 - ‖U_s^H a‖²/N vanishes at a source.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> panel, place = ris.Panel(horizontal=8, vertical=8, spacing=0.15).array(0.3), torch.tensor([[[0.3, -0.1, 2.0]]])
    >>> vectors = ris.physics.steering(place.double(), panel).mT
    >>> found = Music().locate(vectors @ vectors.mH + 0.01 * torch.eye(64), panel, 1)
    >>> bool(((found.positions - place).abs() < 1e-3).all())
    True
    """

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "music"

    def columns(self, eigen: Eigen, sources: int) -> Columns:
        """The leading eigenvectors."""
        return eigen.vectors[..., :sources]


def _visible(eigen: Eigen, weight: Float[Tensor, "scene *frequency rank"]) -> Columns:
    """Weighted eigenvectors without the columns that are negligible (weight² below 1e-10) in every scene."""
    kept = (weight > 1e-5).flatten(0, -2).any(0)
    return eigen.vectors[..., kept] * weight[..., None, kept]


def _over_all(values: Float[Tensor, "scene *frequency each"]) -> Float[Tensor, "scene each"]:
    """The mean over wavelengths, where there are several."""
    return values.mean(1) if values.ndim == 3 else values


def _prepare(covariance: Covariance | LowRank, frequencies: int) -> tuple[Eigen, Tensor]:
    """Eigenpairs at trace N in double precision, loaded for the precision that came, and the trace before."""
    _check_axes(covariance, frequencies)
    if isinstance(covariance, LowRank):
        total = covariance.trace.double()
        jitter = default_jitter(covariance.factor.dtype)
        wide = LowRank(covariance.factor.to(torch.complex128), covariance.floor.double())
        return eigenpairs(wide.normalised().loaded(jitter)), total
    check_covariance(covariance)
    wide, jitter = covariance.to(torch.complex128), default_jitter(covariance.dtype)
    return eigenpairs(load(trace_normalise(wide), jitter)), trace(wide)


def _check_axes(covariance: Covariance | LowRank, frequencies: int) -> None:
    """Refuse other axes than (scene, [frequency,] element, element)."""
    factored = isinstance(covariance, LowRank)
    shape = covariance.factor.shape if factored else covariance.shape
    wide = (frequencies,) if frequencies > 1 else ()
    if len(shape) != 3 + len(wide) or shape[1:-2] != wide or not (factored or shape[-1] == shape[-2]):
        axes = f"scene, {frequencies} frequencies, element" if wide else "scene, element"
        _refuse(
            f"covariances of shape ({axes}, {'rank' if factored else 'element'})", str(tuple(shape)),
            "a missing scene axis, samples passed for a covariance, or an array of other wavelengths",
            "add the axis with R[None], or pass `array.central` with a covariance at its middle wavelength",
        )  # fmt: skip


def _per_scene(sources: int | Counts, eigen: Eigen) -> Counts:
    """K per scene, checked."""
    device, (scenes, *_, size, _) = eigen.floor.device, eigen.vectors.shape
    counts = torch.full((scenes,), sources, device=device) if isinstance(sources, int) else sources.to(device)
    if counts.shape != (scenes,) or (scenes and not 1 <= int(counts.min()) <= int(counts.max()) < size):
        _refuse(
            f"one number of sources between 1 and {size - 1} for each of {scenes} scenes", str(sources),
            "counts of another batch, or more sources than a subspace holds", "pass K, or one K per scene",
        )  # fmt: skip
    return counts


def _refuse(wanted: str, got: str, cause: str, move: str) -> None:
    raise InputError(wanted, got, cause, move)


def _least_squares_powers(eigen: Eigen, peaks: Peaks, array: Array) -> Tensor:
    """Least-squares powers p of R ≈ A diag(p) A^H + σ² I of each wavelength, at least 0; NaN where there is no peak."""
    present = peaks.score > -torch.inf
    present = present.unsqueeze(1) if array.frequencies > 1 else present
    vectors = steering_at(peaks.cosines, array) * present[..., None]
    seen = (vectors @ eigen.vectors.conj()).abs().square()
    above = eigen.values - eigen.floor[..., None]
    excess = (seen * above[..., None, :]).sum(-1)
    gram = (vectors.conj() @ vectors.mT).abs().square()
    size, count = len(array), present.shape[-1]
    full = gram.new_zeros((*gram.shape[:-2], count + 1, count + 1))
    full[..., :count, :count] = gram + torch.diag_embed((~present).to(gram))
    full[..., :count, count] = full[..., count, :count] = size * present.to(gram)
    full[..., count, count] = size
    target = torch.cat([excess, above.sum(-1, keepdim=True)], dim=-1)
    load = 1e-12 * size * torch.eye(count + 1, dtype=gram.dtype, device=gram.device)
    powers = torch.linalg.solve(full + load, target)[..., :count]
    return powers.clamp_min(0).masked_fill(~present, torch.nan)
