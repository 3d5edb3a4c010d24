"""What energy would a plane wave from each direction have? The Fourier sum of the lag sums of Q."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..estimate import SearchGrid
from ..physics import Array, Lags

_DENSE_BYTES = 1 << 24
"""Largest matrix of waves that is kept whole where a lattice would let it be factored: one product of few is faster."""


class PlaneWaves(nn.Module):
    """a^H Q a = Σ_Δ E(Δ) exp(-j k0 Δ·d) over the element differences Δ, by one matrix of all directions d.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import Line, lags_of
    >>> line = Line(count=3, spacing=0.15).array(0.3)
    >>> grid = search_grid(SearchRegion(), line)
    >>> waves = PlaneWaves(grid, line, lags_of(line))
    >>> alone = torch.zeros(1, 2, 5)
    >>> alone[:, 0, 2] = 1.0  # E(0) = 1: every direction has the same energy
    >>> bool((waves(alone) == 1).all()), waves(alone).shape == (1, *grid.shape[:2])
    (True, True)

    Args:
        grid: of directions.
        array: whose differences these are.
        lags: the differences.
    """

    waves: Tensor

    def __init__(self, grid: SearchGrid, array: Array, lags: Lags) -> None:
        super().__init__()
        self.shape, self.lags = grid.shape[:2], array.frequencies * len(lags)
        directions = grid.directions.flatten(0, 1)
        paths = directions @ lags.offset[:, -directions.shape[1] :].mT
        phase = torch.cat([_phase(paths, wavelength) for wavelength in array.wavelengths], dim=-1)
        whole = torch.polar(torch.ones_like(phase), phase).mT
        real = torch.stack([whole.real, -whole.imag], dim=1).flatten(0, 1).float()  # of (Re E, Im E), interleaved
        self.register_buffer("waves", real.contiguous(), persistent=False)

    def forward(self, energy: Float[Tensor, "scene 2 lag"]) -> Float[Tensor, "scene n_u n_w"]:
        """The energy in every direction of the grid, from lag sums of one frequency after another."""
        return (energy.float().movedim(1, -1).flatten(1) @ self.waves).unflatten(1, self.shape)


class LatticeWaves(nn.Module):
    """The same on a lattice, along z and then along y: exp(-j k0 Δ·d) = exp(-j k0 Δy u) exp(-j k0 Δz w).

    Of N elements and as many directions this takes N^1.5 operations and N numbers, where one matrix takes N² of both.

    Args:
        grid: of direction cosines.
        array: whose differences these are.
        axes: the differences along y and along z.
    """

    along_y: Tensor
    along_z: Tensor

    def __init__(self, grid: SearchGrid, array: Array, axes: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        y, z = axes
        self.lags = array.frequencies * len(y) * len(z)
        for name, cosines, gaps in (("along_y", grid.u, y), ("along_z", grid.w, z)):
            paths = gaps[:, None] * cosines
            phase = torch.stack([_phase(paths, wavelength) for wavelength in array.wavelengths])
            turn = torch.polar(torch.ones_like(phase), phase).to(torch.complex64)
            self.register_buffer(name, turn, persistent=False)

    def forward(self, energy: Float[Tensor, "scene 2 lag"]) -> Float[Tensor, "scene n_u n_w"]:
        """The energy in every direction of the grid, from lag sums of one frequency after another."""
        sums = torch.complex(*energy.float().unbind(1))
        sums = sums.unflatten(1, (len(self.along_y), self.along_z.shape[1], self.along_y.shape[1]))
        return (self.along_y.mT @ (sums.mT @ self.along_z)).real.sum(1)


def plane_waves(grid: SearchGrid, array: Array, lags: Lags) -> PlaneWaves | LatticeWaves:
    """The plane waves of a grid: of a large lattice by its axes, of any other array by one matrix.

    Args:
        grid: of directions.
        array: whose differences these are.
        lags: the differences.
    """
    if _is_factored(grid, array, lags):
        _, z, y = lags.axes
        return LatticeWaves(grid, array, (y, z))
    return PlaneWaves(grid, array, lags)


def wave_bytes(grid: SearchGrid, array: Array, lags: Lags) -> int:
    """What is kept of the plane waves of a grid."""
    if _is_factored(grid, array, lags):
        (n_u, n_w, _), (_, z, y) = grid.shape, lags.axes
        return 8 * array.frequencies * (n_u * len(y) + n_w * len(z))
    return _dense_bytes(grid, array, lags)


def _is_factored(grid: SearchGrid, array: Array, lags: Lags) -> bool:
    flat = bool(lags.axes) and len(lags.axes[0]) == 1 and not grid.angles
    return flat and _dense_bytes(grid, array, lags) > _DENSE_BYTES


def _dense_bytes(grid: SearchGrid, array: Array, lags: Lags) -> int:
    return 8 * array.frequencies * len(lags) * grid.valid.numel()


def _phase(paths: Tensor, wavelength: float) -> Tensor:
    return paths * (-2 * math.pi / wavelength)
