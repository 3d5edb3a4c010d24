"""Where to look: the field of view, and the search grid over it in (u, w, q)."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import InputError
from ..shapes import Elements

_MARGIN = 0.02
"""How far (in u and w) a refined position may leave the field of view before it is clamped to the edge."""


@dataclass(frozen=True, kw_only=True)
class SearchRegion:
    """The field of view that an estimator searches; equal ends fix a coordinate.

    Args:
        azimuth: lowest and highest, radians.
        elevation: lowest and highest, radians.
        distance: nearest and farthest, metres.
    """

    azimuth: tuple[float, float] = (-math.radians(60), math.radians(60))
    elevation: tuple[float, float] = (-math.radians(30), math.radians(30))
    distance: tuple[float, float] = (0.5, 10.0)

    def __post_init__(self) -> None:
        half_turn = math.pi / 2
        for name, limit in {"azimuth": half_turn, "elevation": half_turn, "distance": math.inf}.items():
            low, high = getattr(self, name)
            floor = 0 if name == "distance" else -limit
            if not floor < low <= high < limit:
                raise InputError(
                    f"{name} as (low, high) inside ({floor:.4g}, {limit:.4g})",
                    f"({low}, {high})",
                    "degrees passed as radians, ends swapped, or a direction behind the panel",
                    "pass radians and metres",
                )

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
        low, high = (math.sin(a) for a in self.azimuth)
        if low == high and self.elevation[0] == self.elevation[1]:
            fixed = low * math.cos(self.elevation[0])
            return fixed, fixed
        return max(low - margin, -0.99) if low < 0 else low * 0.8, min(high + margin, 0.99) if high > 0 else high * 0.8


@dataclass(frozen=True, eq=False)
class SearchGrid:
    """A product grid in (u, w, q), with the directions outside the field of view masked out.

    Args:
        u: (n_u,), horizontal direction cosines.
        w: (n_w,), vertical direction cosines.
        q: (n_q,), inverse distances in 1/m, uniform.
        valid: (n_u, n_w), True where the direction is to be searched.
    """

    u: Float[Tensor, "n_u"]  # noqa: F821
    w: Float[Tensor, "n_w"]  # noqa: F821
    q: Float[Tensor, "n_q"]  # noqa: F821
    valid: Bool[Tensor, "n_u n_w"]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_u, n_w, n_q)."""
        return self.u.numel(), self.w.numel(), self.q.numel()

    @property
    def size(self) -> int:
        """Number of searched points."""
        return int(self.valid.sum()) * self.q.numel()

    @property
    def step(self) -> tuple[float, float, float]:
        """Spacing of each axis; 0 for an axis of one point."""
        return tuple(float(a[1] - a[0]) if a.numel() > 1 else 0.0 for a in (self.u, self.w, self.q))  # pyright: ignore[reportReturnType]

    def points(self) -> Float[Tensor, "point 3"]:
        """All searched points (u, w, q), in the order of `flat_index`."""
        u, w = torch.meshgrid(self.u, self.w, indexing="ij")
        directions = torch.stack([u[self.valid], w[self.valid]], dim=-1)
        q = self.q.repeat(directions.shape[0])
        return torch.cat([directions.repeat_interleave(self.q.numel(), dim=0), q[:, None]], dim=-1)

    def volume(self, values: Float[Tensor, "*batch point"], fill: float) -> Float[Tensor, "*batch n_u n_w n_q"]:
        """Values at `points()` laid out on the axes, with `fill` where nothing was searched."""
        full = values.new_full((*values.shape[:-1], *self.shape), fill)
        full[..., self.valid, :] = values.unflatten(-1, (-1, self.q.numel()))
        return full


def search_grid(
    region: SearchRegion,
    elements: Elements,
    wavelength: float,
    oversampling: float = 1.0,
) -> SearchGrid:
    """The grid on which an array's likelihood has no unseen peak: half a beamwidth in u and w, planes uniform in q.

    With D the panel's side and d_F = 2 D²/λ of its diagonal, the steps are λ/(2 D) in u and w and 7.7/d_F in q (half
    the 3 dB depth of focus), divided by `oversampling`. 12 x 12 at 0.3 m over the default region gives 2740 points.

    Args:
        region: the field of view.
        elements: (element, 3), metres.
        wavelength: metres.
        oversampling: finer by this factor on every axis.

    Returns:
        The grid, on the device and in the precision of `elements`.
    """
    h, v = elements[:, 1], elements[:, 2]
    width, height = (float(x.max() - x.min()) + wavelength / 2 for x in (h, v))
    diagonal = 2 * (float(h.max() - h.min()) ** 2 + float(v.max() - v.min()) ** 2) / wavelength
    (u_low, u_high), (w_low, w_high), (q_low, q_high) = region.view
    u = _axis(u_low, u_high, wavelength / (2 * width * oversampling), elements)
    w = _axis(w_low, w_high, wavelength / (2 * height * oversampling), elements)
    q = _axis(q_low, q_high, 7.7 / max(diagonal, 1e-9) / oversampling, elements)
    uu, ww = torch.meshgrid(u, w, indexing="ij")
    edge = (1 - ww.square()).clamp_min(0).sqrt()
    slack = wavelength / (2 * width * oversampling) / 2
    low, high = math.sin(region.azimuth[0]), math.sin(region.azimuth[1])
    inside = (uu >= low * edge - slack) & (uu <= high * edge + slack)
    return SearchGrid(u, w, q, inside & (uu.square() + ww.square() < 0.98))


def _axis(low: float, high: float, step: float, like: Tensor) -> Tensor:
    """Evenly spaced points from low to high, no more than `step` apart; one point where the ends agree."""
    count = 1 if high <= low else math.ceil((high - low) / step - 1e-9) + 1
    return torch.linspace(low, high, count, dtype=like.dtype, device=like.device)
