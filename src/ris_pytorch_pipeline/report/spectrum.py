"""Where a spectrum peaks: a map over directions, and a cut along distance."""

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ..estimate import SearchGrid
from ..physics import cosines_from_positions
from .geometry import FoundPlaces, TruePlaces
from .style import FOUND, PALETTE, QUIET, TRUE, blank

DirectionMap = Float[Tensor, "n_u n_w"]
"""Values over direction cosines; NaN where nothing was searched."""


def spectrum_figure(
    grid: SearchGrid,
    values: Float[Tensor, "point"],  # noqa: F821
    *,
    quantity: str,
    true: TruePlaces | None = None,
    found: FoundPlaces | None = None,
) -> Figure:
    """The largest value over distance in every direction, beside a cut along distance through each found source.

    Without found sources the cut goes through the direction of the largest value.

    >>> import torch
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> grid = search_grid(SearchRegion(), Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))
    >>> values = torch.arange(len(grid.points()), dtype=torch.float64)  # of a spectrum, in dB
    >>> figure = spectrum_figure(grid, values, quantity="MUSIC spectrum (dB)")
    >>> figure.axes[0].get_xlabel(), figure.axes[1].get_xlabel()
    ('azimuth (degrees)', 'distance (m), uniform in its inverse')

    Args:
        grid: where the spectrum was taken.
        values: (point,), at `grid.points()`, in any unit; a ratio is best passed in dB.
        quantity: the name and unit of the values, such as "MUSIC spectrum (dB)".
        true: (source, 3), radians, radians, metres; None when unknown.
        found: (source, 3).

    Returns:
        The figure.
    """
    volume = grid.volume(values.detach().double(), torch.nan).cpu()
    figure = blank(10, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    flat = torch.nan_to_num(volume, nan=-torch.inf).amax(-1)
    direction_axes(
        left, grid, flat.masked_fill(~grid.valid.cpu(), torch.nan), quantity=quantity, true=true, found=found
    )
    distance_axes(right, grid, volume, quantity=quantity, true=true, found=found)
    return figure


def direction_axes(
    axes: Axes,
    grid: SearchGrid,
    values: DirectionMap,
    *,
    quantity: str,
    true: TruePlaces | None = None,
    found: FoundPlaces | None = None,
) -> Axes:
    """A map of values over azimuth and elevation in degrees; the grid's cells bend because it is uniform in (u, w).

    >>> import torch
    >>> from matplotlib.figure import Figure
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> grid = search_grid(SearchRegion(), Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))
    >>> axes = Figure().subplots()
    >>> true = torch.tensor([[0.3, -0.1, 4.0]])  # radians, radians, metres
    >>> direction_axes(axes, grid, torch.zeros(grid.shape[:2]), quantity="power (dB)", true=true).get_ylabel()
    'elevation (degrees)'

    Args:
        axes: to draw on.
        grid: where the values were taken.
        values: (n_u, n_w), NaN where nothing was searched.
        quantity: the name and unit of the values.
        true: (source, 3), radians, radians, metres.
        found: (source, 3).

    Returns:
        The same axes.
    """
    u, w = torch.meshgrid(_edges(grid.u), _edges(grid.w), indexing="ij")
    elevation = torch.asin(w.clamp(-1, 1))
    azimuth = torch.asin((u / elevation.cos().clamp_min(1e-6)).clamp(-1, 1))
    colours = axes.pcolormesh(
        azimuth.rad2deg().numpy(), elevation.rad2deg().numpy(), np.ma.masked_invalid(values.numpy()), cmap="cividis"
    )
    axes.figure.colorbar(colours, ax=axes, label=f"{quantity}, largest over distance")
    for places, look in ((true, "true"), (found, "found")):
        if places is not None:
            degrees = places.detach().cpu().double()[:, :2].rad2deg()
            _mark(axes, degrees[~degrees.isnan().any(-1)], look)
    axes.set(xlabel="azimuth (degrees)", ylabel="elevation (degrees)", xlim=_seen(azimuth, grid))
    if true is not None or found is not None:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, fontsize="small")
    return axes


def distance_axes(
    axes: Axes,
    grid: SearchGrid,
    volume: Float[Tensor, "n_u n_w n_q"],
    *,
    quantity: str,
    true: TruePlaces | None = None,
    found: FoundPlaces | None = None,
) -> Axes:
    """Values along distance in the grid direction nearest to each found source, with true and found distances marked.

    The planes are uniform in 1/distance, and so is the axis.

    >>> import torch
    >>> from matplotlib.figure import Figure
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> grid = search_grid(SearchRegion(), Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))
    >>> axes = Figure().subplots()
    >>> found = torch.tensor([[0.0, 0.0, 4.0]])  # radians, radians, metres
    >>> axes = distance_axes(axes, grid, torch.zeros(grid.shape), quantity="power (dB)", found=found)
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['at (-7°, 0°)', 'found distance']

    Args:
        axes: to draw on.
        grid: where the values were taken.
        volume: (n_u, n_w, n_q), NaN where nothing was searched.
        quantity: the name and unit of the values.
        true: (source, 3), radians, radians, metres; a cut marks the true source nearest in direction.
        found: (source, 3).

    Returns:
        The same axes.
    """
    cuts = _cuts(grid, volume, found)
    truth = None if true is None else cosines_from_positions(true.detach().cpu().double())
    q = grid.q.double().cpu()
    for number, (i, j, distance) in enumerate(cuts):
        colour = PALETTE[number % len(PALETTE)]
        w = float(grid.w[j])
        azimuth, elevation = np.degrees(np.arcsin(float(grid.u[i]) / np.sqrt(1 - w**2))), np.degrees(np.arcsin(w))
        axes.plot(q, volume[i, j], color=colour, marker=".", label=f"at ({azimuth:.0f}°, {elevation:.0f}°)")
        if distance is not None and np.isfinite(distance):
            axes.axvline(1 / distance, color=colour, linestyle="--", linewidth=1)
        if truth is not None:
            here = torch.tensor([float(grid.u[i]), w], dtype=torch.float64)
            gap = (truth[:, :2] - here).norm(dim=-1).nan_to_num(nan=torch.inf)
            axes.axvline(float(truth[gap.argmin(), 2]), color=colour, linestyle=":", linewidth=2)
    if truth is not None:
        axes.plot([], [], color=QUIET, linestyle=":", linewidth=2, label="true distance")
    if found is not None:
        axes.plot([], [], color=QUIET, linestyle="--", linewidth=1, label="found distance")
    _distance_ticks(axes, float(q[0]), float(q[-1]))
    axes.set(xlabel="distance (m), uniform in its inverse", ylabel=quantity)
    axes.legend(fontsize="small", loc="best")
    return axes


def _cuts(grid: SearchGrid, volume: Tensor, found: FoundPlaces | None) -> list[tuple[int, int, float | None]]:
    """Grid directions to cut along, with the distance found there."""
    places = None if found is None else found.detach().cpu().double()
    places = None if places is None else places[~places.isnan().any(-1)]
    if places is None or len(places) == 0:
        best = int(torch.nan_to_num(volume, nan=-torch.inf).argmax())
        i, j, _ = np.unravel_index(best, volume.shape)
        return [(int(i), int(j), None)]
    cosines = cosines_from_positions(places)
    i = (cosines[:, :1] - grid.u.double().cpu()).abs().argmin(1).tolist()
    j = (cosines[:, 1:2] - grid.w.double().cpu()).abs().argmin(1).tolist()
    return list(zip(i, j, places[:, 2].tolist(), strict=True))


def _distance_ticks(axes: Axes, low: float, high: float) -> None:
    """Label an axis of inverse distances with distances."""
    metres: list[float] = []
    for distance in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0):
        crowded = metres and 1 / metres[-1] - 1 / distance < 0.06 * (high - low)
        if low <= 1 / distance <= high and not crowded:
            metres.append(distance)
    axes.set_xticks([1 / d for d in metres], [f"{d:g}" for d in metres])


def _mark(axes: Axes, degrees: Tensor, which: str) -> None:
    """Rings for true directions, crosses for found ones, both with a white edge that shows on any colour."""
    x, y = degrees.T.tolist()
    label = f"{which}, n = {len(degrees)}"
    if which == "true":
        axes.scatter(x, y, s=110, facecolors="none", edgecolors="white", linewidths=3.5)
        axes.scatter(x, y, s=110, facecolors="none", edgecolors=TRUE, linewidths=1.5, label=label)
    else:
        axes.scatter(x, y, s=60, marker="x", color="white", linewidths=4)
        axes.scatter(x, y, s=60, marker="x", color=FOUND, linewidths=2, label=label)


def _seen(azimuth: Tensor, grid: SearchGrid) -> tuple[float, float]:
    """Degrees between which some cell was searched, from the cells' corners."""
    valid = grid.valid.cpu()
    low, high = azimuth[:-1, :-1].rad2deg()[valid], azimuth[1:, 1:].rad2deg()[valid]
    return float(low.min()), float(high.max())


def _edges(centres: Tensor) -> Tensor:
    """Cell edges of evenly spaced centres; one centre gets a cell of ±0.01."""
    centres = centres.detach().double().cpu()
    half = float(centres[1] - centres[0]) / 2 if centres.numel() > 1 else 0.01
    return torch.cat([centres - half, centres[-1:] + half])
