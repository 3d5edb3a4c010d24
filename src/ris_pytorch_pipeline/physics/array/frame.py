"""Is an array a line, flat or deep, and in which frame is it simplest? Its centre, its axes and its dimension."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

_THIN = 0.01
"""An extent below this many wavelengths turns no phase by more than 4°: the array has no depth in that direction."""
_CENTRED = 1e-9
"""A centre nearer to the origin than this part of the array's extent is the origin."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The array's own axes: `x` is its look direction, and a flat array lies in the plane x = 0.

    A line lies on the axis y of its frame and cannot tell directions on a cone about it from one another. A flat array
    cannot tell a direction from its mirror image behind the array. A deep array tells all directions.

    Args:
        dimension: 1 for a line, 2 for a flat array, 3 for a deep one; 0 for a single point.
        rotation: columns are the axes in world coordinates.
        centre: mean of the elements in metres, zero where it is the origin.
    """

    dimension: int
    rotation: Float[Tensor, "3 3"]
    centre: Float[Tensor, "3"]

    @cached_property
    def upright(self) -> bool:
        """Whether the frame's z is the world's: then w = sin(elevation)."""
        return bool(self.rotation[2, 2] > 1 - 1e-12) and self.centred

    @cached_property
    def identity(self) -> bool:
        """Whether the frame's axes are the world's."""
        return torch.equal(self.rotation, torch.eye(3, dtype=self.rotation.dtype))

    @cached_property
    def centred(self) -> bool:
        """Whether the centre is the origin."""
        return not bool(self.centre.any())


def frame_of(elements: Float[Tensor, "element 3"], wavelength: float) -> Frame:
    """The frame of elements in world axes.

    Args:
        elements: metres, float64 on the CPU.
        wavelength: the shortest, metres.
    """
    centre = elements.mean(0)
    centred = elements - centre
    if float(centre.norm()) <= _CENTRED * max(float(centred.norm(dim=-1).max()), wavelength):
        centre = torch.zeros_like(centre)
    axes = _principal(centred) if len(elements) > 1 else torch.eye(3).double()
    along = centred @ axes.mT
    extents = along.amax(0) - along.amin(0)
    dimension = int((extents > _THIN * wavelength).sum())
    eye = torch.eye(3, dtype=elements.dtype)
    if dimension in {0, 3} or (dimension == 2 and float(_extent(centred[:, 0])) <= _THIN * wavelength):
        return Frame(dimension, eye, centre)
    rotation = _of_line(axes[0]) if dimension == 1 else _of_plane(axes[2])
    return Frame(dimension, torch.where((rotation - eye).abs().amax() < 1e-9, eye, rotation), centre)


def _principal(centred: Tensor) -> Tensor:
    """Three axes, longest first. Three elements span them; all left vectors would take (element, element)."""
    return torch.linalg.svd(centred, full_matrices=len(centred) < 3).Vh


def _extent(x: Tensor) -> Tensor:
    return x.amax() - x.amin()


def _of_plane(normal: Tensor) -> Tensor:
    """Axes of a plane: x the normal to the front, y horizontal, z up in the plane.

    The front is the side towards +x; of a wall along x the side towards +y; of a floor or ceiling the side above.
    """
    normal = normal * _sign(normal, (0, 1, 2))
    up = normal.new_tensor([0.0, 0.0, 1.0])
    level = torch.linalg.cross(up, normal)
    y = level / level.norm() if float(level.norm()) > 1e-9 else normal.new_tensor([0.0, 1.0, 0.0])
    return torch.stack([normal, y, torch.linalg.cross(normal, y)], dim=-1)


def _of_line(axis: Tensor) -> Tensor:
    """Axes of a line: y along it, x as near to the world's +x as can be; of a line along x it is +y."""
    axis = axis * _sign(axis, (1, 2, 0))
    forward = axis.new_tensor([1.0, 0.0, 0.0] if float(axis[0].abs()) < 1 - 1e-9 else [0.0, 1.0, 0.0])
    x = forward - (forward @ axis) * axis
    x = x / x.norm()
    return torch.stack([x, axis, torch.linalg.cross(x, axis)], dim=-1)


def _sign(vector: Tensor, order: tuple[int, ...]) -> float:
    """The sign of the first component, in this order, that is not negligible."""
    for index in order:
        if abs(float(vector[index])) > 1e-9:
            return 1.0 if float(vector[index]) > 0 else -1.0
    return 1.0
