"""Where panel and sources are: a three-dimensional picture of one scene, and its views from above and from the side."""

from collections.abc import Iterator
from typing import Literal

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import Axes3D
from torch import Tensor

from ..matching import occupied
from ..physics import cartesian_from_positions
from ..shapes import Elements
from .style import FOUND, QUIET, TRUE, blank

TruePlaces = Float[Tensor, "true 3"]
"""(azimuth, elevation, distance) of one scene's sources; NaN in empty slots."""
FoundPlaces = Float[Tensor, "found 3"]
"""The same of the found sources, of which there may be another number."""
View = Literal["from above", "from the side"]
VIEWS: dict[View, tuple[int, int]] = {"from above": (1, 0), "from the side": (0, 2)}
"""Which coordinates of space go to the right and up."""
NAMES = ("x, forward (m)", "y, across (m)", "z, up (m)")


def geometry_figure(
    elements: Elements,
    *,
    true: TruePlaces | None = None,
    found: FoundPlaces | None = None,
    deviations: FoundPlaces | None = None,
) -> Figure:
    """The scene in three dimensions, and beside it from above and from the side, where distances can be read off.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> elements = Panel(horizontal=4, vertical=4, spacing=0.15).elements()
    >>> true = torch.tensor([[0.3, -0.1, 4.0]])  # radians, radians, metres
    >>> figure = geometry_figure(elements, true=true, found=true + 0.02)
    >>> [axes.get_title() for axes in figure.axes]  # the first one is in three dimensions
    ['', 'from above', 'from the side']

    Args:
        elements: (element, 3), metres.
        true: (source, 3), radians, radians, metres; None when unknown.
        found: (source, 3).
        deviations: (source, 3), standard deviations of `found`.

    Returns:
        The figure; `figure.savefig(path)` writes it.
    """
    figure = blank(11, 5.5)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.35, 1))
    axes = figure.add_subplot(grid[:, 0], projection="3d")
    geometry_axes(axes, elements, true=true, found=found, deviations=deviations)  # pyright: ignore[reportArgumentType]
    for row, view in enumerate(VIEWS):
        plan_axes(figure.add_subplot(grid[row, 1]), elements, view, true=true, found=found, deviations=deviations)
    return figure


def geometry_axes(
    axes: Axes3D,
    elements: Elements,
    *,
    true: TruePlaces | None = None,
    found: FoundPlaces | None = None,
    deviations: FoundPlaces | None = None,
) -> Axes3D:  # fmt: skip
    """Draw the panel, true sources as rings, found ones as crosses with one standard deviation each way.

    Sources without a finite position are left out and counted in the legend.

    >>> import torch
    >>> from matplotlib.figure import Figure
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> elements = Panel(horizontal=4, vertical=4, spacing=0.15).elements()
    >>> true = torch.tensor([[0.3, -0.1, 4.0]])  # radians, radians, metres
    >>> axes = Figure().add_subplot(projection="3d")
    >>> [text.get_text() for text in geometry_axes(axes, elements, true=true).get_legend().get_texts()]
    ['panel, 16 elements', 'true, n = 1']

    Args:
        axes: three-dimensional axes to draw on.
        elements: (element, 3), metres.
        true: (source, 3), radians, radians, metres.
        found: (source, 3).
        deviations: (source, 3), of `found`; NaN where none is stated.

    Returns:
        The same axes.
    """
    panel = elements.detach().cpu().double()
    axes.scatter(*panel.T.numpy(), color=QUIET, s=4, marker="s", label=f"panel, {len(panel)} elements")
    if true is not None:
        _stems(axes, _sources(axes, true, "true", marker="o", edgecolors=TRUE, facecolors="none", s=70))
    if found is not None:
        _stems(axes, _sources(axes, found, "found", marker="x", color=FOUND, s=50))
        if deviations is not None:
            _crosses(axes, found.detach().cpu().double(), deviations.detach().cpu().double())
    _metres(axes)
    axes.view_init(elev=22, azim=-62)
    axes.legend(loc="upper left", fontsize="small")
    return axes


def _metres(axes: Axes3D) -> None:
    """One metre is as long on every axis; a short axis gets few ticks."""
    limits = (axes.get_xlim(), axes.get_ylim(), axes.get_zlim())
    lengths = [high - low for low, high in limits]
    axes.set_box_aspect(lengths, zoom=0.85)  # pyright: ignore[reportArgumentType]
    for axis, length, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), lengths, NAMES, strict=True):
        axis.set_major_locator(MaxNLocator(max(1, round(6 * length / max(lengths))), steps=[1, 2, 5, 10]))
        axis.set_label_text(name)
        axis.labelpad = 9


def _sources(axes: Axes3D, positions: Tensor, name: str, **look: object) -> Tensor:
    """Scatter the finite positions; returns them in metres."""
    positions = positions.detach().cpu().double()
    slots = int(occupied(positions).sum())
    finite = positions[positions.isfinite().all(-1)]
    beyond = f", {slots - len(finite)} beyond the picture" if slots > len(finite) else ""
    xyz = cartesian_from_positions(finite)
    axes.scatter(*xyz.T.numpy(), label=f"{name}, n = {len(finite)}{beyond}", depthshade=False, **look)  # pyright: ignore[reportArgumentType]
    return xyz


def _stems(axes: Axes3D, xyz: Tensor) -> None:
    """A thin line from the panel's centre to each source, so that the eye finds its direction."""
    for x, y, z in xyz.tolist():
        axes.plot([0, x], [0, y], [0, z], color=QUIET, linewidth=0.6, linestyle=":")


def _crosses(axes: Axes3D, positions: FoundPlaces, deviations: FoundPlaces) -> None:
    """One standard deviation each way along azimuth, elevation and distance."""
    for number, ends in enumerate(_bars(positions, deviations)):
        label = None if number else "± one standard deviation"
        axes.plot(*ends.T.numpy(), color=FOUND, linewidth=1.2, label=label)


def _bars(positions: FoundPlaces, deviations: FoundPlaces) -> Iterator[Tensor]:
    """The ends (2, 3), in metres, of one standard deviation each way along each coordinate of each source."""
    for position, deviation in zip(positions, deviations, strict=True):
        if not bool(torch.isfinite(torch.cat([position, deviation])).all()):
            continue
        for coordinate in range(3):
            ends = position.repeat(2, 1)
            ends[:, coordinate] += torch.tensor([-1.0, 1.0], dtype=ends.dtype) * deviation[coordinate]
            ends[:, 2].clamp_(min=0)
            yield cartesian_from_positions(ends)


def plan_axes(
    axes: Axes,
    elements: Elements,
    view: View,
    *,
    true: TruePlaces | None = None,
    found: FoundPlaces | None = None,
    deviations: FoundPlaces | None = None,
) -> Axes:
    """The scene projected onto a plane, to scale; looks as in `geometry_axes`.

    >>> import torch
    >>> from matplotlib.figure import Figure
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> elements = Panel(horizontal=4, vertical=4, spacing=0.15).elements()
    >>> true = torch.tensor([[0.3, -0.1, 4.0]])  # radians, radians, metres
    >>> axes = plan_axes(Figure().subplots(), elements, "from above", true=true)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('y, across (m)', 'x, forward (m)')

    Args:
        axes: to draw on.
        elements: (element, 3), metres.
        view: from above (y against x) or from the side (x against z).
        true: (source, 3), radians, radians, metres.
        found: (source, 3).
        deviations: (source, 3), of `found`.

    Returns:
        The same axes.
    """
    pick = list(VIEWS[view])
    axes.scatter(*elements.detach().cpu().double()[:, pick].T.numpy(), color=QUIET, s=3, marker="s")
    looks = {"true": {"marker": "o", "edgecolors": TRUE, "facecolors": "none", "s": 60}}
    looks["found"] = {"marker": "x", "color": FOUND, "s": 40}
    for name, positions in {"true": true, "found": found}.items():
        if positions is not None:
            places = positions.detach().cpu().double()
            xyz = cartesian_from_positions(places[places.isfinite().all(-1)])
            axes.scatter(*xyz[:, pick].T.numpy(), zorder=3, **looks[name])  # pyright: ignore[reportArgumentType]
    if found is not None and deviations is not None:
        for ends in _bars(found.detach().cpu().double(), deviations.detach().cpu().double()):
            axes.plot(*ends[:, pick].T.numpy(), color=FOUND, linewidth=1.2)
    axes.set(xlabel=NAMES[pick[0]], ylabel=NAMES[pick[1]])
    axes.set_title(view, fontsize="medium")
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(color="0.9")
    return axes
