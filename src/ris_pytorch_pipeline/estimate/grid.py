"""On which directions and distances a search begins: a grid of half a beamwidth over the field of view."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import InputError
from ..physics import Array, forward_cosine, mirrored, to_positions, toward
from .region import SearchRegion
from .spacing import size_cause

_MOST_POINTS = 20_000_000
"""Largest grid: about 0.5 GB of points. A 64 x 64 panel at half a wavelength takes 50 000."""
_LOOSE = 0.02
"""How far (in u and w) a refined position may leave the field of view before it is clamped to the edge."""
Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class SearchGrid:
    """A product grid of directions and inverse distances, with what lies outside the field of view masked out.

    Of a line or a flat array the axes are the direction cosines u and w in its frame, of a deep array azimuth and
    elevation in radians.

    >>> from ris_pytorch_pipeline.physics import Panel
    >>> grid = search_grid(SearchRegion(), Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3))
    >>> grid.shape, grid.size, grid.points().shape  # in the corners of (u, w) nothing is searched
    ((22, 13, 10), 2740, torch.Size([2740, 3]))

    Args:
        u: (n_u,), the first axis.
        w: (n_w,), the second axis.
        q: (n_q,), inverse distances in 1/m, uniform.
        valid: (n_u, n_w), True where the direction is to be searched.
        box: lowest and highest of the chart coordinates (a, b, q) for off-grid refinement, see `Chart`.
        angles: whether the axes are azimuth and elevation.
    """

    u: Float[Tensor, "n_u"]  # noqa: F821
    w: Float[Tensor, "n_w"]  # noqa: F821
    q: Float[Tensor, "n_q"]  # noqa: F821
    valid: Bool[Tensor, "n_u n_w"]
    box: tuple[Interval, Interval, Interval] = ((-1.0, 1.0), (-1.0, 1.0), (0.0, math.inf))
    angles: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_u, n_w, n_q)."""
        return self.u.numel(), self.w.numel(), self.q.numel()

    @cached_property
    def size(self) -> int:
        """Number of searched points."""
        return int(self.valid.sum()) * self.q.numel()

    @cached_property
    def step(self) -> tuple[float, float, float]:
        """Spacing of each axis; 0 for an axis of one point."""
        return tuple(float(a[1] - a[0]) if a.numel() > 1 else 0.0 for a in (self.u, self.w, self.q))  # pyright: ignore[reportReturnType]

    @cached_property
    def steps(self) -> tuple[float, ...]:
        """Spacing of each coordinate of `points`; 1 for a coordinate that is fixed."""
        u, w, q = (step if step > 0 else 1.0 for step in self.step)
        return (max(u, w),) * 3 + (q,) if self.angles else (u, w, q)

    @property
    def strides(self) -> list[float]:
        """How far one step of a refinement may go in (a, b, q): 0.72 grid steps (0.36 beamwidths), and 2.3 planes.

        >>> from ris_pytorch_pipeline.physics import Panel
        >>> grid = search_grid(SearchRegion(), Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3))
        >>> [round(stride, 2) for stride in grid.strides]  # the last one in 1/m
        [0.06, 0.06, 0.49]
        """
        steps = (0.72 * self.step[0], 0.72 * self.step[1], 2.3 * self.step[2])
        return [s if s > 0 else high - low for s, (low, high) in zip(steps, self.box, strict=True)]

    @cached_property
    def directions(self) -> Float[Tensor, "n_u n_w direction"]:
        """(u, w) of each direction, or (d_x, u, w) of a deep array."""
        first, second = torch.meshgrid(self.u, self.w, indexing="ij")
        if self.angles:
            return toward(torch.stack([first, second], dim=-1))
        return torch.stack([first, second], dim=-1)

    def cosines_at(self, places: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch coordinate"]:
        """(u, w, q), or (d_x, u, w, q) of a deep array, of places on the axes.

        >>> import math, torch
        >>> from ris_pytorch_pipeline.physics import Panel, Points, bent
        >>> half = bent(Panel(horizontal=8, vertical=2, spacing=0.15), math.pi)  # a half cylinder, which is deep
        >>> grid = search_grid(SearchRegion(), Points(half, 0.3))
        >>> grid.cosines_at(torch.tensor([math.pi / 6, 0.0, 0.5]))  # azimuth 30°, elevation, 1/r
        tensor([0.8660, 0.5000, 0.0000, 0.5000])
        """
        return torch.cat([toward(places), places[..., 2:]], dim=-1) if self.angles else places

    def places_of(self, cosines: Float[Tensor, "*batch coordinate"]) -> Float[Tensor, "*batch 3"]:
        """Places on the axes, the inverse of `cosines_at`; on an axis of one point that point, whatever the cosines.

        >>> import torch
        >>> from ris_pytorch_pipeline.physics import Line
        >>> grid = search_grid(SearchRegion(), Line(count=12, spacing=0.15).array(0.3))
        >>> grid.places_of(torch.tensor([0.3, 0.1, 0.5]))  # a line has no axis w
        tensor([0.3000, 0.0000, 0.5000])
        """
        if self.angles:
            x, u, w, q = cosines.unbind(-1)
            cosines = torch.stack([torch.atan2(u, x), torch.asin(w.clamp(-1, 1)), q], dim=-1)
        single = [axis.numel() == 1 for axis in (self.u, self.w, self.q)]
        if not any(single):
            return cosines
        middle = torch.stack([axis[0] for axis in (self.u, self.w, self.q)]).to(cosines)
        return torch.where(torch.tensor(single, device=cosines.device), middle + 0 * cosines, cosines)

    def points(self) -> Float[Tensor, "point coordinate"]:
        """All searched points as cosines, (u, w, q) or (d_x, u, w, q)."""
        directions = self.directions[self.valid]
        q = self.q.repeat(directions.shape[0])
        return torch.cat([directions.repeat_interleave(self.q.numel(), dim=0), q[:, None]], dim=-1)

    def volume(self, values: Float[Tensor, "*batch point"], fill: float) -> Float[Tensor, "*batch n_u n_w n_q"]:
        """Values at `points()` laid out on the axes, with `fill` where nothing was searched.

        >>> from ris_pytorch_pipeline.physics import Panel
        >>> grid = search_grid(SearchRegion(), Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3))
        >>> volume = grid.volume(grid.points()[:, 2], fill=0.0)  # q of each point
        >>> volume.shape, int((volume == 0).sum()) == volume.numel() - grid.size
        (torch.Size([22, 13, 10]), True)
        """
        full = values.new_full((*values.shape[:-1], *self.shape), fill)
        full[..., self.valid, :] = values.unflatten(-1, (-1, self.q.numel()))
        return full


def search_grid(region: SearchRegion, array: Array, oversampling: float = 1.0) -> SearchGrid:
    """The grid on which an array's likelihood has no unseen peak: half a beamwidth in direction, planes uniform in q.

    With sides D_i of an array in its frame and d_F = 2 sqrt(2 Σ D_i⁴)/λ, the steps are λ/(2 D) in u and w and 7.7/d_F
    in q (half the 3 dB depth of focus), divided by `oversampling`, at the shortest wavelength. Out of focus a quadratic
    phase costs a gain that grows with Σ D_i⁴; of a square d_F is that of its diagonal. 12 x 12 at 0.3 m over the
    default region gives 2740 points. A line has no axis w: it sees a cone.

    >>> from ris_pytorch_pipeline.physics import Line, Panel
    >>> search_grid(SearchRegion(), Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)).size
    2740
    >>> search_grid(SearchRegion(), Line(count=12, spacing=0.15).array(0.3)).shape
    (22, 1, 8)

    Args:
        region: the field of view.
        array: the array.
        oversampling: finer by this factor on every axis.

    Returns:
        The grid, on the device and in the precision of the array's elements.

    Raises:
        InputError: an array of no extent, or one so large that its grid fits in no memory.
    """
    return array.once(("grid", region, oversampling), lambda: _built(region, array, oversampling))


def _built(region: SearchRegion, array: Array, oversampling: float) -> SearchGrid:
    _check_extent(array)
    q_low, q_high = 1 / region.distance[1], 1 / region.distance[0]
    fraunhofer = 2 * math.sqrt(2 * sum(x**4 for x in array.extents)) / array.wavelength
    inverse = (q_low, q_high, 7.7 / max(fraunhofer, 1e-9) / oversampling)
    build = _deep if array.deep else _flat if _familiar(region, array) else _turned
    return build(region, array, oversampling, inverse)


def _familiar(region: SearchRegion, array: Array) -> bool:
    """Whether (u, w) are those of the world: then the region is a product of ranges."""
    return array.frame.identity and region.ahead


def _check_extent(array: Array) -> None:
    if array.dimension == 0:
        raise InputError(
            "an array that is larger than a hundredth of its wavelength", str(array),
            "one element alone, a frequency given as the wavelength, or a unit 1000 times too small",
            "pass metres: wavelength = c / f; `ris check` tries the usual units",
        )  # fmt: skip


def _step(extent: float, array: Array, oversampling: float) -> float:
    """Half a beamwidth of an aperture."""
    return array.wavelength / (2 * (extent + array.wavelength / 2) * oversampling)


def _flat(region: SearchRegion, array: Array, oversampling: float, inverse: tuple[float, ...]) -> SearchGrid:
    """The grid of a line or flat array whose frame is the world's."""
    (u_low, u_high), (w_low, w_high), _ = region.view
    box = region.box
    if array.dimension == 1 and w_low < w_high:
        w_low = w_high = 0.0
        box = (box[0], (0.0, 0.0), box[2])
    steps = [_step(extent, array, oversampling) for extent in array.extents[1:]]
    u, w, q = _axes(array, (u_low, u_high, steps[0]), (w_low, w_high, steps[1]), inverse)
    return SearchGrid(u, w, q, in_view(region, u, w, steps[0] / 2), box)


def in_view(
    region: SearchRegion,
    u: Float[Tensor, "n_u"],  # noqa: F821
    w: Float[Tensor, "n_w"],  # noqa: F821
    slack: float,
) -> Bool[Tensor, "n_u n_w"]:
    """True where cosines along the world's y and z lie between the azimuths of a region, or outside by `slack` in u.

    >>> in_view(SearchRegion(azimuth=(-0.5, 0.5)), torch.tensor([0.0, 0.48, 0.6]), torch.tensor([0.0, 0.9]), 0.01)
    tensor([[ True,  True],
            [ True, False],
            [False, False]])
    """
    uu, ww = torch.meshgrid(u, w, indexing="ij")
    edge = (1 - ww.square()).clamp_min(0).sqrt()
    low, high = (math.sin(end) for end in region.azimuth)
    inside = (uu >= low * edge - slack) & (uu <= high * edge + slack)
    return inside & (uu.square() + ww.square() <= 1)


def _turned(region: SearchRegion, array: Array, oversampling: float, inverse: tuple[float, ...]) -> SearchGrid:
    """The grid of a line or flat array that is turned, or searched on both sides."""
    _check_free(region, array)
    seen = _sampled(region) @ array.frame.rotation
    ranges = [(float(x.amin()), float(x.amax())) for x in seen[:, 1:].unbind(-1)]
    line = array.dimension == 1
    spans = [ranges[0], (0.0, 0.0) if line else ranges[1]]
    steps = [_step(extent, array, oversampling) for extent in array.extents[1:]]
    u, w, q = _axes(array, *((*span, step) for span, step in zip(spans, steps, strict=True)), inverse)
    uu, ww = torch.meshgrid(u, w, indexing="ij")
    valid = uu.square() + ww.square() <= 1
    if not line:
        cosines = torch.stack([uu, ww, torch.zeros_like(uu)], dim=-1)
        front = to_positions(cosines, array)
        slack = 0.75 * max(steps) / float(forward_cosine(uu, ww).clamp_min(0.2).amin())
        valid &= region.holds(front, slack) | region.holds(mirrored(front, array), slack)
    loose = [(max(-1.0, low - _LOOSE), min(1.0, high + _LOOSE)) for low, high in spans]
    box = (loose[0], (0.0, 0.0) if line else loose[1], region.box[2])
    return SearchGrid(u, w, q, valid, box)


def _deep(region: SearchRegion, array: Array, oversampling: float, inverse: tuple[float, ...]) -> SearchGrid:
    """The grid of a deep array: azimuth and elevation, at half the beamwidth of its largest extent across them."""
    _check_free(region, array)
    x, y, z = array.extents
    across, up = max(x, y), math.hypot(z, max(x, y) * math.sin(max(map(abs, region.elevation))))
    steps = [_step(extent, array, oversampling) for extent in (across, up)]
    spans = (region.azimuth, region.elevation)
    azimuth, elevation, q = _axes(array, *((*span, step) for span, step in zip(spans, steps, strict=True)), inverse)
    valid = torch.ones(azimuth.numel(), elevation.numel(), dtype=torch.bool, device=q.device)
    return SearchGrid(azimuth, elevation, q, valid, ((-0.5, 0.5), (-0.5, 0.5), region.box[2]), angles=True)


def _check_free(region: SearchRegion, array: Array) -> None:
    if "elevation" in region.fixed:
        raise InputError(
            "a span of elevations", f"the elevation {region.elevation[0]:.4g} rad alone for {array}",
            "an elevation that is known, for an array whose own axes mix azimuth and elevation",
            "pass a span and read the elevation, or let the array stand upright",
        )  # fmt: skip


def _sampled(region: SearchRegion) -> Float[Tensor, "direction 3"]:
    """Unit vectors over the field of view, 2° apart or closer."""
    azimuth = torch.linspace(*region.azimuth, 181, dtype=torch.float64)
    elevation = torch.linspace(*region.elevation, 91, dtype=torch.float64)
    return toward(torch.cartesian_prod(azimuth, elevation))


def _axes(array: Array, *axes: tuple[float, ...]) -> tuple[Tensor, ...]:
    """Evenly spaced axes (low, high, step) no more than `step` apart; one point where the ends agree.

    Raises:
        InputError: too many points in all.
    """
    counts = [1 if high <= low else math.ceil((high - low) / step - 1e-9) + 1 for low, high, step in axes]
    if math.prod(counts) > _MOST_POINTS:
        size = max(array.extents) / array.wavelength
        raise InputError(
            f"a search grid of at most {_MOST_POINTS:.0e} points",
            f"{math.prod(counts):.2g} for an array of {size:.3g} wavelengths",
            size_cause(array),
            "pass elements and wavelength in metres, take fewer elements, or narrow the field of view",
        )
    like = array.elements
    return tuple(
        torch.linspace(low, high, count, dtype=like.dtype, device=like.device)
        for (low, high, _), count in zip(axes, counts, strict=True)
    )
