"""How elements are laid out: a panel, a line, or points given one by one."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from ...errors import InputError
from ...shapes import Elements
from .value import Array


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A rectangular panel in the plane x = 0 that looks along +x, centred on the origin.

    Element n = j N_H + i sits at q_n = (0, (i - (N_H - 1)/2) d_H, (j - (N_V - 1)/2) d_V), so that
    `x.reshape(vertical, horizontal)` is the panel as one sees it.

    >>> Panel(horizontal=20, vertical=10, spacing=(0.12, 0.18)).array(0.3)
    Array(200 elements, flat, 2.28 m x 1.62 m, wavelength 0.3 m)

    Args:
        horizontal: N_H, elements along y.
        vertical: N_V, elements along z.
        spacing: d in metres, or the horizontal and the vertical one.

    Raises:
        InputError: no element, or a spacing that is not positive.
    """

    horizontal: int
    vertical: int
    spacing: float | tuple[float, float]

    def __post_init__(self) -> None:
        if self.horizontal < 1 or self.vertical < 1 or not all(0 < d < math.inf for d in self.spacings):
            raise InputError(
                "a panel of at least 1 x 1 elements with a positive spacing in metres",
                f"{self.horizontal} x {self.vertical} with spacing {self.spacing}",
                "a spacing given in wavelengths, or a missing size",
                "pass element counts and the spacing in metres",
            )

    @property
    def spacings(self) -> tuple[float, float]:
        """Horizontal and vertical spacing in metres."""
        return self.spacing if isinstance(self.spacing, tuple) else (self.spacing, self.spacing)

    def elements(self, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Elements:
        """Element centres in metres, shape (element, 3)."""
        along, up = self.spacings
        h = (torch.arange(self.horizontal, dtype=dtype, device=device) - (self.horizontal - 1) / 2) * along
        v = (torch.arange(self.vertical, dtype=dtype, device=device) - (self.vertical - 1) / 2) * up
        vv, hh = torch.meshgrid(v, h, indexing="ij")
        return torch.stack([torch.zeros_like(hh), hh, vv], dim=-1).reshape(-1, 3)

    def array(self, wavelength: Any, **how: Any) -> Array:  # noqa: ANN401
        """The panel as an array at a wavelength or several; further arguments as in `Array`."""
        return Array(self.elements(), wavelength, **how)


def bent(panel: Panel, angle: float) -> Elements:
    """Elements of a panel bent about a vertical axis, its columns evenly spaced on an arc that bulges towards +x.

    The arc keeps its length, so that neighbours stay as far apart along it as on the flat panel; pi makes a half
    cylinder.

    >>> half = bent(Panel(horizontal=8, vertical=2, spacing=0.15), math.pi)
    >>> Points(half, 0.3)
    Array(16 elements, deep, 0.3 m x 0.749 m x 0.15 m, wavelength 0.3 m)

    Args:
        panel: the flat panel.
        angle: radians, from the first to the last column as seen from the axis, plus one step; not 0.

    Returns:
        (element, 3) in metres, centred on the mean element.
    """
    x, y, z = panel.elements().unbind(-1)
    radius = panel.horizontal * panel.spacings[0] / angle
    places = torch.stack([radius * (y / radius).cos() + x, radius * (y / radius).sin(), z], dim=-1)
    return places - places.mean(0)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A uniform line along y, centred on the origin. It tells the angle to the line, a cone, and near by the distance.

    >>> Line(count=15, spacing=0.15).array(0.3)
    Array(15 elements, line, 2.1 m, wavelength 0.3 m)
    >>> Line(count=3, spacing=0.15).elements()[:, 1]  # along y, in metres
    tensor([-0.1500,  0.0000,  0.1500], dtype=torch.float64)

    Args:
        count: N.
        spacing: d in metres.

    Raises:
        InputError: no element, or a spacing that is not positive.
    """

    count: int
    spacing: float

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 < self.spacing < math.inf:
            raise InputError(
                "a line of at least one element with a positive spacing in metres",
                f"{self.count} elements with spacing {self.spacing}",
                "a spacing given in wavelengths, or a missing size", "pass the count and the spacing in metres",
            )  # fmt: skip

    def elements(self, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Elements:
        """Element centres in metres, shape (element, 3)."""
        return Panel(horizontal=self.count, vertical=1, spacing=self.spacing).elements(dtype, device)

    def array(self, wavelength: Any, **how: Any) -> Array:  # noqa: ANN401
        """The line as an array at a wavelength or several; further arguments as in `Array`."""
        return Array(self.elements(), wavelength, **how)


def Points(elements: Any, wavelength: Any, **how: Any) -> Array:  # noqa: ANN401
    """An array of elements anywhere: on a curved, tilted or irregular surface.

    >>> Points([[0.0, 0.1, 0.0], [0.0, -0.1, 0.0], [0.1, 0.0, 0.2], [0.0, 0.0, -0.2]], 0.4)
    Array(4 elements, deep, 0.1 m x 0.2 m x 0.4 m, wavelength 0.4 m)

    Args:
        elements: (element, 3), metres; a tensor, a NumPy array or lists.
        wavelength: metres, one or several.
        **how: as in `Array`.

    Raises:
        InputError: see `Array`.
    """
    return Array(elements, wavelength, **how)
