"""How does success change over the combinations of a sweep's values? Points with intervals, all beside each other."""

import json
from collections.abc import Sequence

from matplotlib.figure import Figure

from .result_table import Row
from .style import blank, style
from .sweep_axes import axes_of, named, spelled

_SPREAD = 0.5
"""Part of the distance between two values over which the methods stand."""


def success_by_value(rows: Sequence[Row]) -> Figure:
    """Success of each method at each combination of a sweep's values, with 95 % intervals.

    >>> import json
    >>> rows = [
    ...     {
    ...         "axes": json.dumps({"code_bits": bits}), "method": "sml", "n": 200, "success": share,
    ...         "success_low": share - 0.05, "success_high": share + 0.05,
    ...     }
    ...     for bits, share in ((1, 0.8), (3, 0.9))
    ... ]
    >>> axes = success_by_value(rows).axes[0]
    >>> axes.get_xlabel(), [text.get_text() for text in axes.get_xticklabels()]
    ('code_bits', ['1', '3'])

    Args:
        rows: results of one sweep.

    Returns:
        The figure.

    Raises:
        InputError: no row.
    """
    names = list(axes_of(rows))
    labels = list(dict.fromkeys(_label(row) for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    figure = blank(max(4.0, 1.5 + 0.9 * len(labels)), 3.6)
    axes = figure.subplots()
    for number, method in enumerate(methods):
        own, look = [row for row in rows if row["method"] == method], style(number)
        places = [labels.index(_label(row)) + _SPREAD * ((number + 0.5) / len(methods) - 0.5) for row in own]
        values = [row["success"] for row in own]
        ends = [[max(0.0, row["success"] - row["success_low"]) for row in own],
                [max(0.0, row["success_high"] - row["success"]) for row in own]]  # fmt: skip
        axes.errorbar(places, values, yerr=ends, fmt=look.marker, color=look.colour, markersize=look.size, capsize=2,
                      label=method)  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=0 if max(map(len, labels)) < 10 else 30)
    axes.set(xlabel=", ".join(map(named, names)), ylabel="success (share of scenes)", ylim=(-0.03, 1.03))
    axes.grid(axis="y", color="0.9")
    scenes = sorted({row["n"] for row in rows})
    axes.set_title(f"n = {' to '.join(dict.fromkeys(map(str, (scenes[0], scenes[-1]))))} scenes", fontsize="medium")
    figure.legend(loc="outside upper center", ncols=min(4, len(methods)), frameon=False)
    return figure


def _label(row: Row) -> str:
    return ", ".join(spelled(value) for value in json.loads(row["axes"]).values()) or "all"
