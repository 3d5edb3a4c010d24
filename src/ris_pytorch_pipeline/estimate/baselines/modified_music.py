"""How the modified MUSIC of Ramezani, Kosasih and Björnson finds sources: directions first, then distances."""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ...covariance import LowRank, back_projected, beam_energy, eigenpairs, grid_energy
from ...errors import InputError
from ...physics import Array, Observation, steering_at
from ...shapes import Counts, Elements
from ..amplitudes import not_known, one_wavelength, with_powers
from ..estimate import Estimate, asked_sources
from ..grid import search_grid
from ..judging import judged
from ..region import SearchRegion
from ..spectral.order import EigenvalueGap, OrderRule
from ..spectral.peaks import Peaks, climb, grid_peaks, keep_distinct
from ..spectral.report import report_peaks

_FAR = 1e6
"""Metres at which a wave is plane on any panel."""


@dataclass(frozen=True, kw_only=True)
class ModifiedMusic:
    """Modified MUSIC of Ramezani, Kosasih and Björnson (arXiv 2409.14152) on the back-projected covariance. A baseline.

    What it does here: (1) R_samp from `back_projected`. (2) Its entries between mirrored elements, where the terms of
    the phase that are even in the element cancel: R[q_n, -q_n] ≈ Σ_k p_k exp(2j k0 (h_n u_k + v_n w_k)), one plane wave
    per source, seen at half the wavelength. (3) Overlapping sub-panels of it are averaged (spatial smoothing), and
    MUSIC over (u, w) finds directions. (4) For each direction MUSIC on R_samp over distance with the exact wave; the
    directions with the best values are kept.

    At half-wavelength spacing step 2 cannot tell u from u ± 1 nor w from w ± 1; step 4 decides. Odd terms of the phase
    beyond the linear one bias directions within a few apertures. Self-noise caps it as it caps `BackProjected`; the
    original gathers enough configurations per symbol for N measurements, which random symbols do not allow.

    The original is derived for one wavelength, and several are refused: the aliases of step 2 are at u ± λ/(2 d), with
    the spacing d, which are other directions at each.

    >>> import ris_pytorch_pipeline as ris
    >>> loud = ris.preset("random", horizontal=6, vertical=6, antennas=36, sources=1, snr_db=40.0)
    >>> scenes = ris.simulate(loud, scenes=1, seed=0)  # 36 antennas hear all that 36 elements do
    >>> found = ModifiedMusic(fit=False)(scenes.observation, 1)
    >>> (found.positions - scenes.truth.positions)[0, 0, :2].rad2deg().round(decimals=1)  # degrees off
    tensor([ 0.7000, -0.2000], dtype=torch.float64)

    Args:
        region: the field of view.
        order: how sources are counted when nobody says.
        share: size of a sub-panel over that of the panel, per side.
        oversampling: of the grid of directions.
        planes: distances tried per direction, uniform in q.
        suppression: two directions closer than this part of a beamwidth are one.
        silent: True leaves out the warning about the covariance.
        fit: whether to say how well the model explains what was found, see `judged`.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    order: OrderRule = field(default_factory=EigenvalueGap)
    share: float = 0.67
    oversampling: float = 2.0
    planes: int = 64
    suppression: float = 0.5
    silent: bool = False
    fit: bool = True

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "modified-music"

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene.

        Args:
            observation: the scenes; the panel is a full rectangular lattice.
            sources: K for all scenes, K per scene, or None to count by `order`.

        Returns:
            The estimate, strongest source first; powers and σ² by least squares on the measurements, no deviations.

        Raises:
            InputError: a panel that is no lattice, several wavelengths, K out of range, or a scene without energy.
        """
        not_known(observation)
        one_wavelength(observation)
        snapshots, size = observation.codes.shape[1:]
        if sources is not None:
            sources = asked_sources(observation, sources, min(snapshots, size) - 1)
        panel = back_projected(observation.to(dtype=torch.complex128), silent=self.silent)
        counts = self.order(eigenpairs(panel).spectrum, snapshots) if sources is None else sources
        parts = []
        for count in counts[counts > 0].unique().tolist():
            rows = torch.nonzero(counts == count).squeeze(-1)
            some = LowRank(panel.factor[rows], panel.floor[rows])
            peaks = self._locate(some, observation.array.to(dtype=torch.float64), count)
            parts.append((rows, peaks, torch.ones_like(peaks.score).masked_fill(peaks.score == -torch.inf, torch.nan)))
        found = report_peaks(parts, counts, 0.0, self.region, observation.array)
        found = with_powers(found, observation)
        return judged(found, observation, self.region) if self.fit else found

    def _locate(self, panel: LowRank, array: Array, sources: int) -> Peaks:
        """The best `sources` directions of each scene, each with its best distance."""
        directions, height = self._directions(panel, array, sources)
        elements, wavelength = array.local, array.wavelength
        basis = eigenpairs(panel).vectors[..., :sources]
        low, high = self.region.box[2]
        q = torch.linspace(low, high, self.planes if high > low else 1, dtype=elements.dtype, device=elements.device)
        points = directions[:, :, None, :].repeat(1, 1, q.numel(), 1)
        points[..., 2] = q
        energy = beam_energy(steering_at(points.flatten(1, 2), array), basis) / elements.shape[0]
        score, plane = energy.unflatten(1, (-1, q.numel())).max(dim=-1)
        cosines = torch.cat([directions[..., :2], q[plane][..., None]], dim=-1)
        found = Peaks(cosines, score.masked_fill(height == -torch.inf, -torch.inf), torch.ones_like(plane).bool())
        width, tall = (float(x.max() - x.min()) for x in (elements[:, 1], elements[:, 2]))
        radius = (self.suppression * wavelength / max(width, 1e-9), self.suppression * wavelength / max(tall, 1e-9))
        return keep_distinct(found, sources, (*radius, torch.inf))

    def _directions(self, panel: LowRank, array: Array, sources: int) -> tuple[Tensor, Tensor]:
        """Candidate (u, w, 0), aliases among them, and their heights in the smoothed plane-wave spectrum."""
        far = replace(self.region, distance=(_FAR, _FAR))
        smooth, part = _smoothed(panel, array.local, self.share)
        halved = Array(part, array.wavelength / 2)
        columns = eigenpairs(smooth).vectors[..., :sources]
        grid = search_grid(far, halved, self.oversampling)
        energy = grid_energy(grid.points(), columns, halved)
        starts, height = grid_peaks(grid.volume(energy, -torch.inf), grid, 4 * sources + 4)
        return climb(starts, columns, halved, grid, iterations=15).cosines, height


def _smoothed(panel: LowRank, elements: Elements, share: float) -> tuple[LowRank, Float[Tensor, "part 3"]]:
    """The spatially smoothed covariance of R[q_n, -q_n] over sub-panels, and the centred elements of one."""
    lattice = _lattice(elements)
    rows, columns = lattice.shape
    tall, wide = (max(1, min(side, round(share * side))) for side in (rows, columns))
    wave = mirrored_entries(panel, lattice).unflatten(-1, (rows, columns))
    windows = wave.unfold(1, tall, 1).unfold(2, wide, 1).flatten(3).flatten(1, 2)
    part = elements[lattice[:tall, :wide].flatten()]
    return LowRank(windows.mT, torch.zeros_like(panel.floor)).normalised(), part - part.mean(0)


def mirrored_entries(panel: LowRank, lattice: Int[Tensor, "row column"]) -> Complex[Tensor, "scene element"]:
    """R[q_n, -q_n] of a panel that is symmetric about its centre, row by row of the lattice.

    Args:
        panel: the covariance.
        lattice: element numbers by row and column.
    """
    order = lattice.flatten()
    return (panel.factor[:, order] * panel.factor[:, order.flip(0)].conj()).sum(-1)


def _lattice(elements: Elements) -> Int[Tensor, "row column"]:
    """Element numbers by row and column of a full rectangular panel, rows upwards.

    Raises:
        InputError: the panel is something else.
    """
    h, v = elements[:, 1], elements[:, 2]
    scale = 1e-6 * max(float(elements.abs().max()), 1e-12)
    order = sorted(range(len(elements)), key=lambda n: (round(float(v[n]) / scale), round(float(h[n]) / scale)))
    rows = len({round(float(x) / scale) for x in v})
    mirrored = elements[order] + elements[order].flip(0)
    if len(elements) % rows or bool((mirrored.abs() > 10 * scale).any()) or not _square(elements[order], rows, scale):
        raise InputError(
            "a full rectangular panel centred on the origin",
            f"{len(elements)} elements in {rows} rows",
            "an irregular panel, or one with elements left out",
            "use Music or Mvdr, which take any geometry",
        )
    return torch.tensor(order, device=elements.device).reshape(rows, -1)


def _square(elements: Elements, rows: int, scale: float) -> bool:
    """Whether sorted elements stand in straight rows and columns."""
    grid = elements.reshape(rows, -1, 3)
    across, up = (grid - grid[:1])[..., 1].abs().amax(), (grid - grid[:, :1])[..., 2].abs().amax()
    return float(torch.maximum(across, up)) <= 10 * scale
