"""How does a figure of merit change over two axes at once? A map a method, its cells with their numbers."""

import json
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError
from .result_table import Row
from .style import blank

_DARK = 0.6
"""Part of the scale from which the numbers are white: the map is dark there."""


def heat_maps(rows: Sequence[Row], column: str = "success", limits: tuple[float, float] = (0.0, 1.0)) -> Figure:
    """One map for each method over the two axes of a sweep, the first axis downwards.

    >>> import json
    >>> rows = [
    ...     {"axes": json.dumps({"snapshots": count, "antennas": 4}), "method": "sml", "n": 200, "success": share}
    ...     for count, share in ((8, 0.5), (16, 0.9))
    ... ]
    >>> axes = heat_maps(rows).axes[0]
    >>> axes.get_title(), [text.get_text() for text in axes.texts]
    ('sml, n = 200', ['0.50', '0.90'])

    Args:
        rows: results of one sweep with two axes.
        column: of the results.
        limits: of the scale.

    Returns:
        The figure.

    Raises:
        InputError: no row, or a sweep of another number of axes.
    """
    axes = list(json.loads(rows[0]["axes"])) if rows else []
    if len(axes) != 2:
        raise InputError(
            "results of a sweep over two axes", f"{len(axes)}: {', '.join(axes)}", "a sweep that is no map",
            "draw it over SNR, or name another sweep",
        )  # fmt: skip
    methods = list(dict.fromkeys(row["method"] for row in rows))
    down, across = (list(dict.fromkeys(json.dumps(json.loads(row["axes"])[name]) for row in rows)) for name in axes)
    figure = blank(1.4 + (0.5 + 0.75 * len(across)) * len(methods), 1.2 + 0.5 * len(down))
    grid = figure.subplots(1, len(methods), squeeze=False, sharey=True)
    for place, method in zip(grid[0], methods, strict=True):
        found = {tuple(map(json.dumps, json.loads(row["axes"]).values())): row[column]
                 for row in rows if row["method"] == method}  # fmt: skip
        values = [[found.get((y, x), math.nan) for x in across] for y in down]
        _map(place, values, limits)
        place.set_title(f"{method}, n = {_scenes(rows)}", fontsize="medium")
        place.set_xticks(range(len(across)), [_text(label) for label in across])
        place.set_yticks(range(len(down)), [_text(label) for label in down])
        place.set_xlabel(axes[1])
    grid[0, 0].set_ylabel(axes[0])
    figure.suptitle(column)
    return figure


def _map(place: Axes, values: list[list[float]], limits: tuple[float, float]) -> None:
    low, high = limits
    place.imshow(values, vmin=low, vmax=high, cmap="Blues", aspect="auto")
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            text = "-" if math.isnan(value) else f"{value:.2f}"
            dark = not math.isnan(value) and value > low + _DARK * (high - low)
            place.text(x, y, text, ha="center", va="center", color="white" if dark else "black", fontsize="small")


def _scenes(rows: Sequence[Row]) -> str:
    scenes = sorted({row["n"] for row in rows})
    return f"{scenes[0]}" if len(scenes) == 1 else f"{scenes[0]} to {scenes[-1]}"


def _text(label: str) -> str:
    value: Any = json.loads(label)
    return " to ".join(f"{each:g}" for each in value) if isinstance(value, list) else str(value)
