"""How methods compare over SNR: error beside the bound, and success."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError
from ..physics import ends
from ..physics.scenario import CountSpan, Span
from .style import QUIET, blank, style

Coordinate = Literal["azimuth", "elevation", "distance"]
KEYS = {"azimuth": "azimuth_deg", "elevation": "elevation_deg", "distance": "distance_m"}
UNITS = {"azimuth": "degrees", "elevation": "degrees", "distance": "m"}
FEWEST = 10
"""Sources that an error must rest on to be drawn."""
_ENTRY_WIDTH = 2.1
"""Inches that one entry of the legend may take."""


@runtime_checkable
class Measured(Protocol):
    """A figure with its interval."""

    @property
    def value(self) -> float:
        """The figure."""
        ...

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        ...

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        ...


@runtime_checkable
class Result(Protocol):
    """What a figure needs of a cell of a benchmark: one method at one number of sources and one SNR."""

    @property
    def method(self) -> str:
        """Name of the method."""
        ...

    @property
    def sources(self) -> CountSpan:
        """K, or its ends."""
        ...

    @property
    def snr_db(self) -> Span:
        """Total SNR, or its ends."""
        ...

    @property
    def n(self) -> int:
        """Scenes."""
        ...

    @property
    def success(self) -> Measured:
        """Share of scenes with all sources found."""
        ...

    @property
    def rmse(self) -> Mapping[str, Measured]:
        """By coordinate and unit."""
        ...

    @property
    def rms_bound(self) -> Mapping[str, float]:
        """The bound of the same sources."""
        ...

    @property
    def judged(self) -> Mapping[str, int]:
        """Sources behind each error."""
        ...


def sweep_figure(cells: Sequence[Result], coordinates: Sequence[Coordinate] = ("azimuth", "distance")) -> Figure:
    """One column per number of sources: success on top, below it the error of each coordinate beside the bound.

    Args:
        cells: of a sweep, in any order, at least one.
        coordinates: which errors to draw.

    Returns:
        The figure.

    Raises:
        InputError: a cell over a span of SNRs.
    """
    sources = sorted({cell.sources for cell in cells}, key=ends)
    rows = 1 + len(coordinates)
    figure = blank(1.2 + 3.4 * len(sources), 0.8 + 2.5 * rows)
    grid = figure.subplots(rows, len(sources), squeeze=False, sharex=True, sharey="row")
    for column, count in enumerate(sources):
        chosen = [cell for cell in cells if cell.sources == count]
        success_against_snr(grid[0, column], chosen)
        for row, coordinate in enumerate(coordinates, start=1):
            rmse_against_snr(grid[row, column], chosen, coordinate)
        scenes = sorted({cell.n for cell in chosen})
        size = f"{scenes[0]}" if len(scenes) == 1 else f"{scenes[0]} to {scenes[-1]}"
        grid[0, column].set_title(f"K = {_counted(count)}, n = {size} scenes a point", fontsize="medium")
        for axes in grid[:-1, column]:
            axes.set_xlabel("")
    for axes in grid[:, 1:].flat:
        axes.set_ylabel("")
    _one_legend(figure, grid[:, 0])
    return figure


def rmse_against_snr(axes: Axes, cells: Sequence[Result], coordinate: Coordinate) -> Axes:
    """RMSE over successful scenes against SNR, with 95 % intervals and, dashed, the bound of the very same sources.

    Methods that succeed in other scenes have another bound: comparing each with its own keeps a method that only solves
    easy scenes from seeming better than the bound. Points that rest on fewer than ten sources are left out, and
    distances whose bound is 1 m or more do not enter.

    Args:
        axes: to draw on.
        cells: of one number of sources.
        coordinate: which error.

    Returns:
        The same axes, logarithmic in the error.
    """
    key = KEYS[coordinate]
    for number, (method, whole) in enumerate(_lines(cells).items()):
        look, line = style(number), [cell for cell in whole if cell.judged[coordinate] >= FEWEST]
        snr = _snr(line)
        axes.plot(snr, [cell.rms_bound[key] for cell in line], color=look.colour, linestyle="--", linewidth=1)
        measures = [cell.rmse[key] for cell in line]
        _points(axes, snr, measures, number, method)
    axes.plot([], [], color=QUIET, linestyle="--", linewidth=1, label="bound of the same sources")
    axes.set_yscale("log")
    axes.set(xlabel="SNR (dB)", ylabel=f"{coordinate} RMSE ({UNITS[coordinate]})")
    axes.grid(color="0.9")
    return axes


def success_against_snr(axes: Axes, cells: Sequence[Result]) -> Axes:
    """Share of scenes with every source within 3° and none too many, against SNR, with 95 % intervals.

    Args:
        axes: to draw on.
        cells: of one number of sources.

    Returns:
        The same axes.
    """
    for number, (method, line) in enumerate(_lines(cells).items()):
        _points(axes, _snr(line), [cell.success for cell in line], number, method)
    axes.set(xlabel="SNR (dB)", ylabel="success", ylim=(-0.03, 1.03))
    axes.grid(color="0.9")
    return axes


def _lines(cells: Sequence[Result]) -> dict[str, list[Result]]:
    """Cells by method, in the order in which methods first appear, each sorted by SNR."""
    methods = dict.fromkeys(cell.method for cell in cells)
    return {name: sorted((c for c in cells if c.method == name), key=lambda c: ends(c.snr_db)) for name in methods}


def check_points(snr_db: Sequence[Span]) -> None:
    """Refuse spans of SNRs, which are no points of a figure over SNR.

    Raises:
        InputError: a span.
    """
    spans = [snr for snr in snr_db if isinstance(snr, tuple)]
    if spans:
        raise InputError(
            "cells of one SNR each", f"SNRs between {spans[0][0]:g} and {spans[0][1]:g} dB in one cell",
            "a figure over SNR of scenes with mixed SNRs", "name the SNRs one by one, such as 5,10,20",
        )  # fmt: skip


def _snr(cells: Sequence[Result]) -> list[float]:
    """The SNR of each cell."""
    check_points([cell.snr_db for cell in cells])
    return [ends(cell.snr_db)[0] for cell in cells]


def _counted(sources: CountSpan) -> str:
    low, high = ends(sources)
    return f"{low}" if low == high else f"{low}..{high}"


def _points(axes: Axes, snr: list[float], measures: Sequence[Measured], number: int, label: str) -> None:
    """A line with markers and intervals."""
    look = style(number)
    spread = [[m.value - m.low for m in measures], [m.high - m.value for m in measures]]
    axes.errorbar(
        snr, [m.value for m in measures], yerr=spread, color=look.colour, marker=look.marker, markersize=5,
        linewidth=1.3, elinewidth=1, capsize=2, label=label,
    )  # fmt: skip


def _one_legend(figure: Figure, column: Iterable[Axes]) -> None:
    """One legend above the figure, each name once."""
    entries = {}
    for axes in column:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    dashed = [name for name in entries if name.startswith("bound")]
    names = [name for name in entries if name not in dashed] + dashed
    fitting = max(1, int(figure.get_figwidth() / _ENTRY_WIDTH))
    figure.legend(
        [entries[n] for n in names], names, loc="outside upper center", ncols=min(len(names), fitting), frameon=False
    )
