"""How do figures of merit change over two axes at once? A map a method and a figure, its cells with their numbers."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError
from .figures_of_merit import MERITS, Merit
from .result_table import Row
from .style import blank
from .sweep_axes import label_of, labels_of, layout_of, named

_DARK = 0.6
"""Part of the scale from which the numbers are white: the map is dark there."""


def heat_maps(rows: Sequence[Row], merits: Sequence[Merit] = MERITS[:1]) -> Figure:
    """A map for each method over two axes of a sweep, below it one for each further figure of merit.

    >>> import json
    >>> rows = [
    ...     {"axes": json.dumps({"snapshots": count, "antennas": 4}), "method": "sml", "n": 200, "success": share}
    ...     for count, share in ((8, 0.5), (16, 0.9))
    ... ]
    >>> axes = heat_maps(rows).axes[0]
    >>> axes.get_title(), [text.get_text() for text in axes.texts]
    ('sml, success, n = 200', ['0.50', '0.90'])

    Args:
        rows: results of one sweep, at one value each of any further axes.
        merits: what is shown, such as `MERITS`: success, RMSE/CRB of each coordinate, GOSPA.

    Returns:
        The figure.

    Raises:
        InputError: no row, or a sweep of fewer than two axes.
    """
    layout = layout_of(rows) if rows else None
    if layout is None or layout.along is None or layout.beside is None:
        raise InputError(
            "results of a sweep over two axes", f"{len(rows)} of fewer axes", "a sweep that is no map",
            "draw it over its values, or name another sweep",
        )  # fmt: skip
    across, down = layout.along, layout.beside
    methods = list(dict.fromkeys(row["method"] for row in rows))
    columns, lines = len(labels_of(rows, across)), len(labels_of(rows, down))
    figure = blank(1.4 + (0.5 + 0.75 * columns) * len(methods), 0.7 + (0.5 + 0.5 * lines) * len(merits))
    grid = figure.subplots(len(merits), len(methods), squeeze=False, sharey=True)
    for merit, places in zip(merits, grid, strict=True):
        for place, method in zip(places, methods, strict=True):
            _map(place, [row for row in rows if row["method"] == method], (down, across), merit, merit.scale(rows))
            place.set_title(f"{method}, {merit.words}, n = {_scenes(rows)}", fontsize="small")
        places[0].set_ylabel(named(down))
    for place in grid[-1]:
        place.set_xlabel(named(across))
    return figure


def _map(place: Axes, rows: Sequence[Row], axes: tuple[str, str], merit: Merit, scale: tuple[float, float]) -> None:
    down, across = (labels_of(rows, axis) for axis in axes)
    found = {(label_of(row, axes[0]), label_of(row, axes[1])): merit.of(row) for row in rows}
    values = [[found.get((y, x), math.nan) for x in across] for y in down]
    shades = [[merit.placed(each, scale) if math.isfinite(each) else math.nan for each in line] for line in values]
    place.imshow(shades, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            text = "-" if math.isnan(value) else f"{value:.2f}"
            colour = "white" if shades[y][x] > _DARK else "black"
            place.text(x, y, text, ha="center", va="center", color=colour, fontsize="small")
    place.set_xticks(range(len(across)), across)
    place.set_yticks(range(len(down)), down)


def _scenes(rows: Sequence[Row]) -> str:
    scenes = sorted({row["n"] for row in rows})
    return f"{scenes[0]}" if len(scenes) == 1 else f"{scenes[0]} to {scenes[-1]}"
