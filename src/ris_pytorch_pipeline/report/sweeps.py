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
COORDINATES: tuple[Coordinate, ...] = ("azimuth", "elevation", "distance")
KEYS = {"azimuth": "azimuth_deg", "elevation": "elevation_deg", "distance": "distance_m"}
UNITS = {"azimuth": "degrees", "elevation": "degrees", "distance": "m"}
FEWEST = 10
"""Sources that an error must rest on to be drawn."""
MOSTLY = 0.5
"""A method that succeeds less often is judged on the easy scenes alone: its errors are drawn hollow."""
_APART = 0.012
"""Part of the span of SNRs by which the points of two methods stand apart, so that equal ones are both seen."""
BOUND, HOLLOW = "bound, all sources", f"success below {MOSTLY}"
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
    def rms_bound_all(self) -> Mapping[str, float]:
        """Root mean square bound of all sources of all scenes."""
        ...

    @property
    def judged(self) -> Mapping[str, int]:
        """Sources behind each error."""
        ...


def sweep_figure(cells: Sequence[Result], coordinates: Sequence[Coordinate] = COORDINATES) -> Figure:
    """One column per number of sources: success on top, below it the error of each coordinate beside the bound.

    >>> from types import SimpleNamespace
    >>> from ris_pytorch_pipeline.bench import Measure
    >>> cell = SimpleNamespace(  # as `bench.sweep` gives them
    ...     method="sml", sources=1, snr_db=10.0, n=200, success=Measure(0.97, 0.94, 0.99), judged={"azimuth": 194},
    ...     rmse={"azimuth_deg": Measure(0.2, 0.18, 0.22)}, rms_bound_all={"azimuth_deg": 0.19},
    ... )
    >>> figure = sweep_figure([cell], ["azimuth"])
    >>> [axes.get_ylabel() for axes in figure.axes], figure.axes[0].get_title()
    (['success (share of scenes)', 'azimuth RMSE (degrees)'], 'K = 1, n = 200 scenes a point')

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
    _one_legend(figure, grid.flat)
    return figure


def rmse_against_snr(axes: Axes, cells: Sequence[Result], coordinate: Coordinate) -> Axes:
    """RMSE over successful scenes against SNR, with 95 % intervals and, dotted, the bound of all sources of all scenes.

    A method that succeeds in less than half of the scenes is judged on the easy ones, and may lie below that bound: its
    points are hollow. Points that rest on fewer than ten sources are left out, and distances whose bound is 1 m or more
    do not enter.

    >>> from matplotlib.figure import Figure
    >>> from types import SimpleNamespace
    >>> from ris_pytorch_pipeline.bench import Measure
    >>> cell = SimpleNamespace(  # as `bench.sweep` gives them
    ...     method="sml", sources=1, snr_db=10.0, n=200, success=Measure(0.97, 0.94, 0.99), judged={"azimuth": 194},
    ...     rmse={"azimuth_deg": Measure(0.2, 0.18, 0.22)}, rms_bound_all={"azimuth_deg": 0.19},
    ... )
    >>> axes = rmse_against_snr(Figure().subplots(), [cell], "azimuth")
    >>> axes.get_ylabel(), axes.get_yscale()
    ('azimuth RMSE (degrees)', 'log')

    Args:
        axes: to draw on.
        cells: of one number of sources.
        coordinate: which error.

    Returns:
        The same axes, logarithmic in the error.
    """
    key, lines = KEYS[coordinate], _lines(cells)
    whole = next(iter(lines.values()))
    bound = [cell.rms_bound_all[key] for cell in whole]
    alone = "_" if len(whole) == 1 else ""  # a line of one point is none
    axes.plot(
        _snr(whole), bound, color="black", linestyle=":", linewidth=1.8, marker=alone, markersize=24, label=BOUND
    )  # fmt: skip
    apart = _shifts(cells, len(lines))
    for number, (method, line) in enumerate(lines.items()):
        drawn = [cell for cell in line if cell.judged[coordinate] >= FEWEST]
        snr = [each + apart[number] for each in _snr(drawn)]
        _points(axes, snr, [cell.rmse[key] for cell in drawn], number, method)
        easy = [(x, cell.rmse[key].value) for x, cell in zip(snr, drawn, strict=True) if cell.success.value < MOSTLY]
        if easy:
            _hollow(axes, easy, number)
    if not any(cell.judged[coordinate] >= FEWEST for cell in cells):
        told = f"no cell has {FEWEST} sources\nof successful scenes"
        axes.text(0.03, 0.05, told, transform=axes.transAxes, color=QUIET, fontsize="small")
    axes.set_yscale("log")
    axes.set(xlabel="SNR (dB)", ylabel=f"{coordinate} RMSE ({UNITS[coordinate]})")
    axes.grid(color="0.9")
    return axes


def success_against_snr(axes: Axes, cells: Sequence[Result]) -> Axes:
    """Share of scenes with every source within 3° and none too many, against SNR, with 95 % intervals.

    >>> from matplotlib.figure import Figure
    >>> from types import SimpleNamespace
    >>> from ris_pytorch_pipeline.bench import Measure
    >>> cell = SimpleNamespace(  # as `bench.sweep` gives them
    ...     method="sml", sources=1, snr_db=10.0, n=200, success=Measure(0.97, 0.94, 0.99), judged={"azimuth": 194},
    ...     rmse={"azimuth_deg": Measure(0.2, 0.18, 0.22)}, rms_bound_all={"azimuth_deg": 0.19},
    ... )
    >>> axes = success_against_snr(Figure().subplots(), [cell])
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('SNR (dB)', 'success (share of scenes)')

    Args:
        axes: to draw on.
        cells: of one number of sources.

    Returns:
        The same axes.
    """
    lines = _lines(cells)
    apart = _shifts(cells, len(lines))
    for number, (method, line) in enumerate(lines.items()):
        _points(axes, [x + apart[number] for x in _snr(line)], [cell.success for cell in line], number, method)
    axes.set(xlabel="SNR (dB)", ylabel="success (share of scenes)", ylim=(-0.03, 1.03))
    axes.grid(color="0.9")
    return axes


def _lines(cells: Sequence[Result]) -> dict[str, list[Result]]:
    """Cells by method, in the order in which methods first appear, each sorted by SNR."""
    methods = dict.fromkeys(cell.method for cell in cells)
    return {name: sorted((c for c in cells if c.method == name), key=lambda c: ends(c.snr_db)) for name in methods}


def check_points(snr_db: Sequence[Span]) -> None:
    """Refuse spans of SNRs, which are no points of a figure over SNR.

    >>> from ris_pytorch_pipeline.errors import InputError
    >>> check_points([5.0, 10.0])  # says nothing
    >>> try:
    ...     check_points([(5.0, 20.0)])
    ... except InputError as error:
    ...     print(error.got)
    SNRs between 5 and 20 dB in one cell

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
    spread = [[_reach(m.value - m.low) for m in measures], [_reach(m.high - m.value) for m in measures]]
    axes.errorbar(
        snr, [m.value for m in measures], yerr=spread, color=look.colour, marker=look.marker, markersize=look.size,
        linestyle=look.dashes, linewidth=1.3, elinewidth=1, capsize=2, label=label,
    )  # fmt: skip


def _reach(length: float) -> float:
    """A side of an interval; none where it is not known, or does not reach beyond the figure it belongs to."""
    return length if length > 0 else 0.0


def _hollow(axes: Axes, points: Sequence[tuple[float, float]], number: int) -> None:
    """White markers over those of a line."""
    look, (x, y) = style(number), zip(*points, strict=True)
    axes.plot(
        x, y, linestyle="none", marker=look.marker, markersize=look.size, markerfacecolor="white",
        markeredgecolor=look.colour, zorder=4,
    )  # fmt: skip
    axes.plot([], [], "o", markerfacecolor="white", markeredgecolor=QUIET, label=HOLLOW)


def _shifts(cells: Sequence[Result], methods: int) -> list[float]:
    """By how many dB the points of each method are moved aside."""
    snr = _snr(cells)
    step = _APART * (max(snr) - min(snr))
    return [step * (number - (methods - 1) / 2) for number in range(methods)]


def _one_legend(figure: Figure, drawn: Iterable[Axes]) -> None:
    """One legend above the figure, each name once."""
    entries = {}
    for axes in drawn:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    names = [name for name in entries if name not in (BOUND, HOLLOW)] + [n for n in (BOUND, HOLLOW) if n in entries]
    fitting = max(1, int(figure.get_figwidth() / _ENTRY_WIDTH))
    figure.legend(
        [entries[n] for n in names], names, loc="outside upper center", ncols=min(len(names), fitting), frameon=False
    )
