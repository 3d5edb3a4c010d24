"""What an array sees by its very steering vectors: energies of images at every point of the grid, in N² operations."""

from functools import reduce

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from ..estimate import SearchGrid
from ..estimate.ml.scanning.mirrors import Mirrors
from ..estimate.ml.scanning.steered import folded_bytes, grid_steering, products
from ..physics import Array
from .config import NetConfig

_TILE_BYTES = 1 << 20
"""Of beams made at a time: what stays in cache is several times faster than what pages in."""


class SteeredBeams(nn.Module):
    """Σ_l |a(g)^H z_l|² by a matrix of all steering vectors, folded by the mirror images of array and grid.

    Args:
        config: of any array.
        grid: on which the energies lie.
    """

    tile: Tensor
    folds: Tensor
    weight: Tensor
    order: Tensor

    def __init__(self, config: NetConfig, grid: SearchGrid) -> None:
        super().__init__()
        steering = grid_steering(config.array, grid)
        self.shape, mirrors = grid.shape, steering.mirrors
        for name, value in {
            "tile": torch.cat(steering.tiles, dim=-1),
            "folds": mirrors.elements,
            "weight": mirrors.weight.float(),
            "order": _places(grid, mirrors),
        }.items():
            self.register_buffer(name, value, persistent=False)

    @staticmethod
    def least_bytes(array: Array, grid: SearchGrid) -> int:
        """What is kept of the steering vectors."""
        return folded_bytes(array, grid)

    def forward(self, images: Complex[Tensor, "scene frequency row element"]) -> Float[Tensor, "scene n_u n_w n_q"]:
        """Σ |a(g)^H z_l|² over the rows z_l of each scene, on the whole grid; 0 where nothing is searched."""
        each = zip(images.unbind(1), self.tile.unbind(0), strict=True)
        seen = reduce(torch.add, (self._seen(rows, tile) for rows, tile in each))
        padded = torch.cat([seen, seen.new_zeros((len(seen), 1))], dim=1)
        return padded.index_select(1, self.order).unflatten(1, self.shape)

    def _seen(
        self, images: Complex[Tensor, "scene row element"], tile: Float[Tensor, "parity part point"]
    ) -> Float[Tensor, "scene image_point"]:
        """The energies at one frequency, of all points of one mirror image after those of another."""
        rows = self._folded(images)
        each = max(1, _TILE_BYTES // (4 * rows.shape[0] * rows.shape[2] * tile.shape[-1]))
        parts = [_squares(some, tile) for some in rows.split(each, dim=1)]
        return torch.cat(parts, dim=1).transpose(0, 1).flatten(1)

    def _folded(self, images: Complex[Tensor, "scene row element"]) -> Float[Tensor, "parity scene part_row part"]:
        """Rows of `products`, as `real_rows` makes them of the folded conjugate images, without complex copies."""
        parts = torch.view_as_real(images).movedim(-1, 0)
        real, imaginary = folded_rows(parts, self.folds, self.weight).unbind(1)  # (parity, scene, row, orbit) each
        size = real.shape[-1]
        rows = real.new_empty((*real.shape[:2], 2 * real.shape[2], 2 * size))
        top, bottom = rows.chunk(2, dim=2)
        top[..., :size], top[..., size:] = real, imaginary
        torch.neg(imaginary, out=bottom[..., :size])
        bottom[..., size:] = real
        return rows


def _squares(
    rows: Float[Tensor, "parity scene row part"], tile: Float[Tensor, "parity part point"]
) -> Float[Tensor, "image scene point"]:
    """Sums of squares over the rows of each scene."""
    seen = products(rows.flatten(1, 2), tile)
    return seen.square_().unflatten(1, (rows.shape[1], -1)).sum(2)


def folded_rows(rows: Tensor, elements: Tensor, weight: Tensor) -> Tensor:
    """The sums and differences over mirror images of rows (..., element), (parity, ..., orbit), see `Mirrors`."""
    values = [rows.index_select(-1, each) for each in elements.unbind(0)]
    values = [value.mul_(weight) for value in values] if bool((weight != 1).any()) else values
    step = 1
    while step < len(values):
        pairs = [(i, i + step) for i in range(len(values)) if not i & step]
        for one, other in pairs:
            values[one], values[other] = values[one] + values[other], values[one] - values[other]
        step *= 2
    return torch.stack(values)


def _places(grid: SearchGrid, mirrors: Mirrors) -> Tensor:
    """For each cell of the whole grid where its energy is found among images and points; one past them all outside.

    A point that is its own mirror image is found twice, so there are more of them than points of the grid.
    """
    order = torch.full((*grid.valid.shape, grid.q.numel()), mirrors.points.numel())
    order[grid.valid] = mirrors.order.view(-1, grid.q.numel())
    return order.flatten()
