"""What the rows of an operator see at all grid points: real products of single precision, folded by mirror images."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....physics import Array, steering_at
from ...grid import SearchGrid
from .mirrors import Mirrors, by_signs, mirrors_of

_TILE_BYTES = 1 << 21
"""Of steering vectors made at a time: what stays in cache is several times faster than what pages in."""
_BLOCK_BYTES = 1 << 23
"""Of steering vectors used at a time: wide products are faster than narrow ones."""

_KEPT_BYTES = 1 << 24
"""Of steering vectors, before they are folded, that are kept from call to call."""


@dataclass(frozen=True, eq=False)
class GridSteering:
    """Steering vectors at all grid points, folded by mirror images and stacked as [real; imaginary].

    Args:
        mirrors: the mirror images of array and grid.
        tiles: (frequency, parity, 2 orbit, point), parts of the points of an image in their order.
    """

    mirrors: Mirrors
    tiles: tuple[Float[Tensor, "frequency parity part _"], ...]

    @property
    def columns(self) -> list[slice]:
        """Which points of an image each tile holds."""
        ends = torch.tensor([0] + [tile.shape[-1] for tile in self.tiles]).cumsum(0).tolist()
        return [slice(*pair) for pair in pairwise(ends)]

    @property
    def images(self) -> int:
        """Mirror images of a point, itself included: 1, 2 or 4."""
        return self.mirrors.points.shape[0]

    @property
    def points(self) -> int:
        """Points of an image."""
        return self.mirrors.points.shape[1]

    def rows(self, operator: Complex[Tensor, "*batch row element"]) -> Float[Tensor, "parity *batch part_row part"]:
        """An operator for `products`: folded and real."""
        return real_rows(self.mirrors.fold_rows(operator.to(torch.complex64)))


def grid_steering(array: Array, grid: SearchGrid) -> GridSteering:
    """The steering vectors of a grid, made tile by tile in single precision: 200 rad are right to 2e-5 rad."""
    mirrors = mirrors_of(array, grid)
    points, count = grid.points()[mirrors.points[0]].float(), array.frequencies
    tile = max(1, _TILE_BYTES // (8 * len(array) * count))
    block = max(tile, _BLOCK_BYTES // (8 * len(array) * count))
    size = 2 * mirrors.elements.shape[1]
    tiles = []
    for some in points.split(block):
        out = torch.empty((count, len(mirrors.elements), size, len(some)), dtype=torch.float32, device=points.device)
        for first in range(0, len(some), tile):
            vectors = steering_at(some[first : first + tile], array)
            vectors = vectors if count > 1 else vectors.unsqueeze(0)
            folded = mirrors.fold_steering(vectors).transpose(0, 1).mT  # (frequency, parity, orbit, point)
            out[..., : size // 2, first : first + tile] = folded.real
            out[..., size // 2 :, first : first + tile] = folded.imag
        tiles.append(out)
    return GridSteering(mirrors, tuple(tiles))


def kept_steering(array: Array, grid: SearchGrid) -> GridSteering:
    """The steering vectors of a grid that is kept itself; small ones stay with the array for the next scenes."""
    if steering_bytes(array, grid) > _KEPT_BYTES:
        return grid_steering(array, grid)
    return array.once(("steering", grid), lambda: grid_steering(array, grid))


def steering_bytes(array: Array, grid: SearchGrid) -> int:
    """Bytes of the steering vectors of a grid, before they are folded."""
    return 8 * len(array) * array.frequencies * grid.size


def folded_bytes(array: Array, grid: SearchGrid) -> int:
    """Bytes of the steering vectors of a grid as `GridSteering` keeps them: mirror images are kept once."""
    mirrors = mirrors_of(array, grid)
    return 8 * array.frequencies * mirrors.elements.numel() * mirrors.points.shape[1]


def products(
    rows: Float[Tensor, "parity row part"], tile: Float[Tensor, "parity part point"]
) -> Float[Tensor, "image row point"]:  # fmt: skip
    """What real rows see at the points of a tile and at their mirror images."""
    return by_signs(rows @ tile)


def room(rows: Tensor, tile: Tensor) -> int:
    """How many rows at a time keep their products in cache."""
    return max(1, _TILE_BYTES // (4 * len(rows) * tile.shape[-1]))


def real_rows(rows: Complex[Tensor, "*batch row element"]) -> Float[Tensor, "*batch part_row part_element"]:
    """Rows w as real ones: [Re w, -Im w] and [Im w, Re w] give Re(w x) and Im(w x) for x stacked as [Re x; Im x]."""
    real, imaginary = rows.real.float(), rows.imag.float()
    return torch.cat([torch.cat([real, -imaginary], dim=-1), torch.cat([imaginary, real], dim=-1)], dim=-2)
