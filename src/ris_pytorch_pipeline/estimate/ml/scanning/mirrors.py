"""Which elements and grid points are mirror images of others: what is computed for one of them serves them all."""

from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ....physics import Array
from ...grid import SearchGrid

_SAME = 1.1e-6
"""Part of the wavelength within which two coordinates are one."""
_EVEN = 1e-9
"""How far the axis of a grid may be from its mirror image."""


@dataclass(frozen=True, eq=False)
class Mirrors:
    """The reflections u -> -u and w -> -w that leave array and grid as they are, and what they permute.

    The steering vector of a mirrored position is a permuted one. With the signs χ of the group of images, a product
    splits into parts of one parity each, w^T a = Σ_s w_s^T a_s, and from image to image a part changes its sign alone:
    w^T a(p_g) = Σ_s χ_sg w_s^T a_s. All images of a position cost as much as one.

    Args:
        elements: (image, orbit), all images of one element of each orbit.
        weight: (orbit,), one over how often an element is its own image.
        points: (image, point), the same of grid points.
        order: (grid point,), where each is found in `points`, flattened.
    """

    elements: Int[Tensor, "image orbit"]
    weight: Float[Tensor, "orbit"]  # noqa: F821
    points: Int[Tensor, "image point"]
    order: Int[Tensor, "grid_point"]  # noqa: F821

    def fold_rows(self, rows: Tensor) -> Tensor:
        """w_s of rows w, (..., element) to (parity, ..., orbit)."""
        return by_signs((rows[..., self.elements] * self.weight.to(rows)).movedim(-2, 0))

    def fold_steering(self, vectors: Tensor) -> Tensor:
        """a_s of steering vectors a, (..., element) to (parity, ..., orbit)."""
        return by_signs(vectors[..., self.elements].movedim(-2, 0)) / len(self.elements)

    def on_grid(self, values: Float[Tensor, "*batch image point"]) -> Float[Tensor, "*batch grid_point"]:
        """Values of the images of all points, in the order of the grid."""
        return values.flatten(-2)[..., self.order]


def by_signs(values: Tensor) -> Tensor:
    """Σ_s χ_gs x_s over the first axis, of 1, 2 or 4 entries: from images to parities, and from parities to images."""
    if len(values) == 1:
        return values
    return (_signs(len(values), values.dtype, values.device) @ values.flatten(1)).view(values.shape)


@cache
def _signs(images: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """χ_gs of a group of reflections."""
    with torch.inference_mode(mode=False):
        one = torch.ones((1, 1))
        signs = one
        while len(signs) < images:
            signs = torch.kron(torch.cat([torch.cat([one, one], dim=1), torch.cat([one, -one], dim=1)]), signs)
        return signs.to(device, dtype)


def mirrors_of(array: Array, grid: SearchGrid) -> Mirrors:
    """The mirror images that array and grid have in common; of an array or a grid without any, each thing itself."""
    number = torch.full(grid.valid.shape, -1, device=grid.valid.device)
    number[grid.valid] = torch.arange(int(grid.valid.sum()), device=number.device)
    elements = [torch.arange(len(array), device=number.device)]
    directions = [number[grid.valid]]
    for axis, values in enumerate((grid.u, grid.w)):
        swap = _swapped_elements(array, axis + 1)
        if swap is None or not _even(values) or not torch.equal(grid.valid, grid.valid.flip(axis)):
            continue
        turned = number.flip(axis)[grid.valid]
        elements += [e[swap] for e in elements]
        directions += [d[turned] for d in directions]
    images, weight = _orbits(torch.stack(elements))
    planes = torch.arange(grid.q.numel(), device=number.device)
    points = (_orbits(torch.stack(directions))[0].unsqueeze(-1) * grid.q.numel() + planes).flatten(1)
    order = torch.empty(grid.size, dtype=torch.long, device=number.device)
    order[points.flatten()] = torch.arange(points.numel(), device=number.device)
    return Mirrors(images, weight, points, order)


def _even(axis: Tensor) -> bool:
    """Whether an axis of more than one point is symmetric about zero."""
    return axis.numel() > 1 and bool((axis + axis.flip(0)).abs().max() <= _EVEN)


def _swapped_elements(array: Array, axis: int) -> Tensor | None:
    """For each element the number of its mirror image in a coordinate; None where one has none or two are one."""
    places = (array.local.double() / (_SAME * array.wavelength)).round()
    mirrored = places.clone()
    mirrored[:, axis] *= -1
    kinds, names = torch.unique(torch.cat([places, mirrored]), dim=0, return_inverse=True)
    own, image = names.chunk(2)
    if len(kinds) != len(array) or len(own.unique()) != len(array):
        return None
    return torch.empty_like(own).index_copy_(0, own, torch.arange(len(own), device=own.device))[image]


def _orbits(images: Int[Tensor, "image thing"]) -> tuple[Int[Tensor, "image orbit"], Float[Tensor, "orbit"]]:  # noqa: F821
    """All images of the first thing of each orbit, and one over how often it is its own image."""
    first = images[:, images.amin(0) == images[0]]
    return first, (first == first[0]).sum(0).reciprocal()
