"""Where to look: the field of view in azimuth, elevation and distance, and what of it an array can see."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor

from ..errors import InputError
from ..physics import Array, mirrored, to_positions
from ..shapes import Cosines, Positions

_POLE = 1e-6
"""cos(elevation) below which all azimuths are one direction."""
_ROUNDING = 1e-9
"""Radians or metres by which ends may differ that are meant to be the same."""
_MARGIN = 0.02
"""How far (in u and w) a refined position may leave the field of view before it is clamped to the edge."""


@dataclass(frozen=True, kw_only=True)
class SearchRegion:
    """The field of view that an estimator searches, as the array's centre sees it in world axes.

    Equal ends fix elevation or distance, of an array that stands upright. Of a flat array the side is searched that
    lies in the region; where both do, positions are reported in front, and the estimate is ambiguous.

    >>> region = SearchRegion(azimuth=(-1.0, 1.0), elevation=(0.0, 0.0), distance=(0.5, 10.0))
    >>> region.fixed
    ('elevation',)

    Args:
        azimuth: lowest and highest, radians; from -π to π for an array with depth.
        elevation: lowest and highest, radians.
        distance: nearest and farthest, metres.

    Raises:
        InputError: ends that are swapped or out of range, or a known elevation at the zenith.
    """

    azimuth: tuple[float, float] = (-math.radians(60), math.radians(60))
    elevation: tuple[float, float] = (-math.radians(30), math.radians(30))
    distance: tuple[float, float] = (0.5, 10.0)

    def __post_init__(self) -> None:
        for name, limit in {"azimuth": math.pi, "elevation": math.pi / 2, "distance": math.inf}.items():
            low, high = vars(self)[name]
            fits = 0 < low <= high < limit if name == "distance" else -limit <= low <= high <= limit
            if not fits:
                raise InputError(
                    f"{name} as (low, high) within ({0 if name == 'distance' else -limit:.4g}, {limit:.4g})",
                    f"({low}, {high})",
                    "degrees passed as radians, or ends swapped",
                    "pass radians and metres",
                )

        if "elevation" in self.fixed and math.cos(self.elevation[0]) < _POLE:
            raise InputError(
                "a known elevation inside (-π/2, π/2), or a span of elevations", f"{self.elevation[0]:.6g} rad alone",
                "a source at the zenith, which has no azimuth, or degrees passed as radians",
                "pass the elevation in radians, or a span whose end is π/2",
            )  # fmt: skip

    @property
    def fixed(self) -> tuple[Literal["elevation", "distance"], ...]:
        """Coordinates with equal ends, which are known and not estimated."""
        names: tuple[Literal["elevation", "distance"], ...] = ("elevation", "distance")
        ends = {"elevation": self.elevation, "distance": self.distance}
        return tuple(name for name in names if ends[name][0] == ends[name][1])

    @property
    def box(self) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
        """Bounds of u, w and q for off-grid refinement; a fixed coordinate has equal bounds.

        q may fall 20 % below 1/farthest and rise 15 % above 1/nearest, so that a source at an edge is no corner case.
        """
        near, far = self.distance
        inverse = (1 / far, 1 / near) if near == far else (0.8 / far, 1.15 / near)
        return self._horizontal(_MARGIN), self._vertical(_MARGIN), inverse

    @property
    def view(self) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
        """Ranges of u, w and q over the field of view itself."""
        return self._horizontal(0.0), self._vertical(0.0), (1 / self.distance[1], 1 / self.distance[0])

    def _vertical(self, margin: float) -> tuple[float, float]:
        low, high = (math.sin(e) for e in self.elevation)
        return (low, high) if low == high else (low - margin, high + margin)

    def _horizontal(self, margin: float) -> tuple[float, float]:
        widest = math.cos(self.elevation[0]) if "elevation" in self.fixed else 1.0
        low, high = (widest * math.sin(max(-math.pi / 2, min(math.pi / 2, a))) for a in self.azimuth)
        if low == high and "elevation" in self.fixed:
            return low, high
        lowest = max(low - margin, -widest) if low < 0 else low * 0.8
        return lowest, min(high + margin, widest) if high > 0 else high * 0.8

    def wider(self, array: Array) -> "SearchRegion":
        """All directions that an array tells apart, from a third of the nearest to ten times the farthest distance.

        They lie in front where the field does, unless the array sees what is behind: it has depth, or it is flat and
        its normal is more than 60° from +x, as that of a floor is. What is fixed stays so.

        >>> from ris_pytorch_pipeline.physics import Panel
        >>> region = SearchRegion(elevation=(0.0, 0.0), distance=(0.75, 10.0))
        >>> wide = region.wider(Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3))
        >>> wide.distance, wide.fixed, wide.covers(region), region.covers(wide)
        ((0.25, 100.0), ('elevation',), True, False)
        """
        turned = array.dimension == 2 and float(array.frame.rotation[0, 0]) < 0.5
        half, limit = math.pi / 2, 0.499 * math.pi if self.ahead and not (array.deep or turned) else math.pi
        near, far = self.distance
        return SearchRegion(
            azimuth=(-limit, limit),
            elevation=self.elevation if "elevation" in self.fixed else (-half, half),
            distance=self.distance if "distance" in self.fixed else (near / 3, 10 * far),
        )

    @property
    def ahead(self) -> bool:
        """Whether all of it lies at x > 0."""
        return -math.pi / 2 < self.azimuth[0] and self.azimuth[1] < math.pi / 2

    def covers(self, other: "SearchRegion") -> bool:
        """Whether another field of view lies inside this one, but for rounding."""
        ends = ((vars(self)[name], vars(other)[name]) for name in ("azimuth", "elevation", "distance"))
        return all(low - _ROUNDING <= first and last <= high + _ROUNDING for (low, high), (first, last) in ends)

    def holds(self, positions: Positions, slack: float = 0.0) -> Bool[Tensor, "*batch source"]:
        """True where a direction lies inside, or outside by no more than `slack` radians.

        >>> import torch
        >>> region, places = SearchRegion(azimuth=(-1.0, 1.0)), torch.tensor([[0.9, 0.0, 2.0], [1.05, 0.0, 2.0]])
        >>> region.holds(places), region.holds(places, slack=0.1)
        (tensor([ True, False]), tensor([True, True]))
        """
        inside = torch.ones_like(positions[..., 0], dtype=torch.bool)
        for angle, (low, high) in zip(positions[..., :2].unbind(-1), (self.azimuth, self.elevation), strict=True):
            inside &= (angle >= low - slack) & (angle <= high + slack)
        return inside

    def reported(self, cosines: Cosines, array: Array) -> Positions:
        """Positions (φ, θ, r) in the world; of a flat array on its side that lies in the region, else in front.

        >>> import torch
        >>> from ris_pytorch_pipeline.physics import Panel
        >>> panel, cosines = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3), torch.tensor([[0.5, 0.0, 0.5]])
        >>> SearchRegion().reported(cosines, panel), SearchRegion(azimuth=(2.0, 3.0)).reported(cosines, panel)
        (tensor([[0.5236, 0.0000, 2.0000]]), tensor([[2.6180, 0.0000, 2.0000]]))
        """
        front = to_positions(cosines, array)
        if array.dimension != 2 or (array.frame.identity and self.ahead):
            return front
        behind = mirrored(front, array)
        seen = ~self.holds(front, _MARGIN) & self.holds(behind, _MARGIN)
        return torch.where(seen[..., None], behind, front)
