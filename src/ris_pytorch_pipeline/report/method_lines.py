"""How are success and errors of methods drawn over an axis? A line or points each, with intervals and the bound."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol, runtime_checkable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import QUIET, blank, style

Coordinate = Literal["azimuth", "elevation", "distance"]
COORDINATES: tuple[Coordinate, ...] = ("azimuth", "elevation", "distance")
KEYS = {"azimuth": "azimuth_deg", "elevation": "elevation_deg", "distance": "distance_m"}
UNITS = {"azimuth": "degrees", "elevation": "degrees", "distance": "m"}
FEWEST = 10
"""Sources that an error must rest on to be drawn."""
MOSTLY = 0.5
"""A method that succeeds less often is judged on the easy scenes alone: its errors are drawn hollow."""
BOUND, HOLLOW = "bound, all sources", f"success below {MOSTLY}"
_APART = 0.012
"""Part of the span of an axis by which the points of two methods stand apart, so that equal ones are both seen."""
_SPREAD = 0.5
"""Part of the distance of two values that are no numbers over which the methods stand."""
_LETTERS, _ROOM = 40, 0.08
"""Letters of names that fit below an axis without a turn, and the part of its span that a number takes there."""
_TITLE = 44
"""Letters that fit above a column."""
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
class Scored(Protocol):
    """What a point needs of a cell of a benchmark: one method on some scenes."""

    @property
    def method(self) -> str:
        """Name of the method."""
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


@dataclass(frozen=True, kw_only=True)
class Along:
    """An axis of a figure.

    Args:
        label: with its unit.
        names: of the places 0, 1, ... where values are no numbers; points over them are not joined.
    """

    label: str
    names: tuple[str, ...] = ()

    def shifts(self, places: Sequence[float], methods: int) -> list[float]:
        """How far the points of each method are moved aside.

        Args:
            places: of all points.
            methods: how many.
        """
        if self.names:
            return [_SPREAD * ((number + 0.5) / methods - 0.5) for number in range(methods)]
        step = _APART * (max(places) - min(places))
        return [step * (number - (methods - 1) / 2) for number in range(methods)]

    def label_on(self, axes: Axes, places: Sequence[float]) -> None:
        """Write its label, and its names, or the numbers of the points where there is room for them.

        Args:
            axes: to write on.
            places: of all points.
        """
        axes.set_xlabel(self.label)
        if self.names:
            turned = 30 if max(map(len, self.names)) * len(self.names) > _LETTERS else 0
            axes.set_xticks(range(len(self.names)), self.names, rotation=turned, ha="right" if turned else "center")
            axes.set_xlim(-0.5, len(self.names) - 0.5)
        elif len(numbers := sorted(set(places))) > 1:
            least = min(after - before for before, after in pairwise(numbers))
            if least >= _ROOM * (numbers[-1] - numbers[0]):
                axes.set_xticks(numbers, [f"{number:g}" for number in numbers])


@dataclass(frozen=True, kw_only=True)
class Point:
    """A cell and its place on the axis.

    Args:
        cell: of a method.
        place: a number, or the number of a name.
    """

    cell: Scored
    place: float


def columns_figure(
    columns: Mapping[str, Sequence[Point]], along: Along, coordinates: Sequence[Coordinate] = COORDINATES
) -> Figure:
    """Columns beside each other: success on top, below it the error of each coordinate beside the bound.

    Args:
        columns: points by what stands above them, at least one of one point.
        along: the axis of all of them.
        coordinates: which errors to draw.
    """
    rows, width = 1 + len(coordinates), max(3.4, 0.5 * len(along.names))
    figure = blank(1.2 + width * len(columns), 0.8 + 2.5 * rows)
    grid = figure.subplots(rows, len(columns), squeeze=False, sharex=True, sharey="row")
    for column, (words, points) in enumerate(columns.items()):
        draw_success(grid[0, column], points, along)
        for row, coordinate in enumerate(coordinates, start=1):
            draw_error(grid[row, column], points, along, coordinate)
        grid[0, column].set_title(_title(words, points), fontsize="medium")
        for axes in grid[:-1, column]:
            axes.set_xlabel("")
    for axes in grid[:, 1:].flat:
        axes.set_ylabel("")
    _one_legend(figure, grid.flat)
    return figure


def draw_success(axes: Axes, points: Sequence[Point], along: Along) -> Axes:
    """Share of scenes with every source found, with 95 % intervals.

    Args:
        axes: to draw on.
        points: at least one.
        along: what they stand over.

    Returns:
        The same axes.
    """
    lines = _lines(points)
    apart = along.shifts([point.place for point in points], len(lines))
    for number, (method, line) in enumerate(lines.items()):
        places = [point.place + apart[number] for point in line]
        _points(axes, places, [point.cell.success for point in line], number, method, joined=not along.names)
    along.label_on(axes, [point.place for point in points])
    axes.set(ylabel="success (share of scenes)", ylim=(-0.03, 1.03))
    axes.grid(color="0.9")
    return axes


def draw_error(axes: Axes, points: Sequence[Point], along: Along, coordinate: Coordinate) -> Axes:
    """RMSE over successful scenes with 95 % intervals and, dotted, the bound of all sources of all scenes.

    Args:
        axes: to draw on.
        points: at least one.
        along: what they stand over.
        coordinate: which error.

    Returns:
        The same axes, logarithmic in the error.
    """
    key, lines = KEYS[coordinate], _lines(points)
    _bound(axes, next(iter(lines.values())), key, along)
    apart = along.shifts([point.place for point in points], len(lines))
    for number, (method, line) in enumerate(lines.items()):
        drawn = [point for point in line if point.cell.judged[coordinate] >= FEWEST]
        places = [point.place + apart[number] for point in drawn]
        _points(axes, places, [point.cell.rmse[key] for point in drawn], number, method, joined=not along.names)
        easy = [(x, each.cell.rmse[key].value) for x, each in zip(places, drawn, strict=True)
                if each.cell.success.value < MOSTLY]  # fmt: skip
        if easy:
            _hollow(axes, easy, number)
    if not any(point.cell.judged[coordinate] >= FEWEST for point in points):
        told = f"no cell has {FEWEST} sources\nof successful scenes"
        axes.text(0.03, 0.05, told, transform=axes.transAxes, color=QUIET, fontsize="small")
    along.label_on(axes, [point.place for point in points])
    axes.set_yscale("log")
    axes.set_ylabel(f"{coordinate} RMSE ({UNITS[coordinate]})")
    axes.grid(color="0.9")
    return axes


def _bound(axes: Axes, whole: Sequence[Point], key: str, along: Along) -> None:
    """The bound of one method's cells, which is that of all."""
    alone = "_" if len(whole) == 1 or along.names else ""  # a line of one point is none
    axes.plot(
        [point.place for point in whole], [point.cell.rms_bound_all[key] for point in whole], color="black",
        linestyle="none" if along.names else ":", linewidth=1.8, marker=alone, markersize=24, label=BOUND,
    )  # fmt: skip


def _lines(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Points by method, in the order in which methods first appear, each along the axis."""
    methods = dict.fromkeys(point.cell.method for point in points)
    return {
        name: sorted((point for point in points if point.cell.method == name), key=lambda point: point.place)
        for name in methods
    }


def _title(words: str, points: Sequence[Point]) -> str:
    """What stands above a column, on two lines where one is too long."""
    scenes = sorted({point.cell.n for point in points})
    told = f"n = {' to '.join(dict.fromkeys(map(str, (scenes[0], scenes[-1]))))} scenes a point"
    if not words:
        return told
    return f"{words}, {told}" if len(words) + len(told) < _TITLE else f"{words},\n{told}"


def _points(
    axes: Axes, places: Sequence[float], measures: Sequence[Measured], number: int, label: str, *, joined: bool
) -> None:
    """Markers with intervals, on a line where they are joined."""
    look = style(number)
    spread = [[_reach(m.value - m.low) for m in measures], [_reach(m.high - m.value) for m in measures]]
    axes.errorbar(
        places, [m.value for m in measures], yerr=spread, color=look.colour, marker=look.marker, markersize=look.size,
        linestyle=look.dashes if joined else "none", linewidth=1.3, elinewidth=1, capsize=2, label=label,
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
