"""Which field of view does an array tell? All of a deep array, one side of a flat one, what lies before a line."""

import math

from ...errors import ConfigurationError
from .value import Array

Degrees = tuple[float, float]
"""Lowest and highest."""
_ROUNDING = 1e-9
"""Cosine below which a direction lies in the plane of an array."""


def check_told(azimuth: Degrees, elevation: Degrees, array: Array) -> None:
    """Refuse a field of view in which an array takes some directions for others.

    A deep array tells all. A flat one takes a direction for its mirror image behind it, so that the field has to lie on
    one side of its plane. A line takes all directions of a cone for one, told as the one before it.

    >>> panel = Panel(horizontal=4, vertical=4, spacing=0.15)
    >>> check_told((100.0, 170.0), (-30.0, 30.0), Points(bent(panel, 3.0), 0.3))

    Args:
        azimuth: of the field, degrees.
        elevation: of the field, degrees.
        array: the array.

    Raises:
        ConfigurationError: naming why.
    """
    if array.deep:
        return
    if array.dimension == 0:
        raise ConfigurationError(
            "elements that are further apart than a hundredth of the wavelength", str(array),
            "a wrong unit: a single point tells no direction", "write the elements in metres",
        )  # fmt: skip
    low, high = cosine_ends(azimuth, elevation, tuple(array.frame.rotation[:, 0].tolist()))
    in_front, behind = low >= -_ROUNDING, high <= _ROUNDING
    if in_front and high > _ROUNDING and (low > 0 or not array.frame.identity):
        return
    if behind and low < -_ROUNDING and array.dimension == 2 and not array.frame.identity:
        return
    kind = "line" if array.dimension == 1 else "flat array"
    raise ConfigurationError(
        f"a field of view on one side of the {kind}, {_side(array)}",
        f"azimuth {azimuth[0]:g} to {azimuth[1]:g} and elevation {elevation[0]:g} to {elevation[1]:g} degrees, "
        f"{'all' if behind else 'some'} of it behind",
        "a line hears the same from all directions of a cone" if array.dimension == 1
        else "a direction behind the panel: a flat array hears the same from it and from its mirror image in front",
        "narrow azimuth_deg and elevation_deg, or take an array with depth, such as bend_deg = 180, which tells all",
    )  # fmt: skip


def _side(array: Array) -> str:
    """Where the array looks, in words."""
    x, y, z = array.frame.rotation[:, 0].tolist()
    azimuth, elevation = math.degrees(math.atan2(y, x)), math.degrees(math.asin(max(-1.0, min(1.0, z))))
    return f"whose front looks at azimuth {azimuth:.1f}, elevation {elevation + 0.0:.1f} degrees"


def cosine_ends(azimuth: Degrees, elevation: Degrees, axis: tuple[float, ...]) -> tuple[float, float]:
    """Least and largest d · axis over the directions d of a field of view, exactly.

    d · axis = cosθ (x cosφ + y sinφ) + z sinθ, with cosθ >= 0: first φ, then θ.

    >>> [round(end, 6) for end in cosine_ends((-60.0, 60.0), (-30.0, 30.0), (1.0, 0.0, 0.0))]
    [0.433013, 1.0]
    """
    x, y, z = axis
    largest = _largest(_largest(x, y, azimuth), z, elevation)
    return -_largest(_largest(-x, -y, azimuth), -z, elevation), largest


def _largest(along: float, across: float, span: Degrees) -> float:
    """Largest a cos t + b sin t over a span of degrees."""
    low, high = map(math.radians, span)
    peak = math.atan2(across, along)
    inside = any(low <= peak + turn <= high for turn in (-2 * math.pi, 0.0, 2 * math.pi))
    ends = (along * math.cos(t) + across * math.sin(t) for t in (low, high))
    return math.hypot(along, across) if inside else max(ends)
