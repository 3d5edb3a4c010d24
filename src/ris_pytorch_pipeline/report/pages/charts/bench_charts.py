"""What do the charts of a benchmark show? Plain specifications for Plotly: success, and error beside the bound."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...result_table import Row
from ...sweep_axes import is_number, label_of, named, value_at
from .chart import DASHES, GREY, SYMBOLS, Chart, axis, colour, filling, finite, log_axis, spread

COORDINATES = {"azimuth": ("azimuth_deg", "degrees"), "elevation": ("elevation_deg", "degrees"),
               "distance": ("distance_m", "m")}  # fmt: skip
"""Key of the figures of a coordinate, and their unit."""
FEWEST = 10
"""Sources that an error must rest on to be drawn."""
ERROR = "Error of"
"""What the coordinate of an error is chosen by."""
_ALONE = "all scenes"


def success_bars(rows: Sequence[Row], along: str | None, title: str, chosen: Mapping[str, str] | None = None) -> Chart:
    """Success by the values of an axis, a group of bars for each and a bar for each method, with 95 % intervals.

    Args:
        rows: results, one for each value and each method.
        along: the axis; None of a sweep of one combination.
        title: above the chart.
        chosen: what the chart is chosen by.
    """
    data = []
    for number, (method, own) in enumerate(by_method(rows).items()):
        data.append({
            "type": "bar", "name": method, "x": [_ALONE if along is None else label_of(row, along) for row in own],
            "y": [finite(row["success"]) for row in own], "error_y": _spread(own, "success"),
            "marker": filling(number),
        })  # fmt: skip
    layout = {"barmode": "group", "xaxis": axis("" if along is None else named(along), type="category"),
              "yaxis": axis("success", range=[0, 1.05])}  # fmt: skip
    told = f"Bars of success, {title}; its numbers are folded below it."
    return Chart(title=title, told=told, data=data, layout=layout, chosen=chosen or {})


def error_lines(
    rows: Sequence[Row], along: str, coordinate: str, title: str, chosen: Mapping[str, str] | None = None
) -> Chart:  # fmt: skip
    """RMSE of successful scenes over an axis beside the bound of all sources, logarithmic.

    Args:
        rows: results, one for each value of the axis and each method.
        along: the axis; points over values that are no numbers are not joined.
        coordinate: out of `COORDINATES`.
        title: above the chart.
        chosen: what the chart is chosen by, beside the coordinate.
    """
    key, unit = COORDINATES[coordinate]
    lines = by_method(rows)
    whole = next(iter(lines.values()))
    counted = all(is_number(value_at(row, along)) for row in rows)
    data: list[dict[str, Any]] = [{
        "type": "scatter", "mode": "lines" if counted and len(whole) > 1 else "markers", "name": "bound",
        "x": _places(whole, along, counted), "y": [finite(row[f"rms_bound_all_{key}"]) for row in whole],
        "line": {"dash": "dot", "color": GREY},
        "marker": {"symbol": "line-ew", "size": 24, "line": {"width": 2, "color": GREY}},
    }]  # fmt: skip
    for number, (method, line) in enumerate(lines.items()):
        drawn = [row for row in line if row[f"judged_{coordinate}"] >= FEWEST]
        data.append({
            "type": "scatter", "mode": "lines+markers" if counted else "markers", "name": method,
            "x": _places(drawn, along, counted), "y": [finite(row[f"rmse_{key}"]) for row in drawn],
            "error_y": _spread(drawn, f"rmse_{key}"),
            "line": {"color": colour(number), "dash": DASHES[number % len(DASHES)]},
            "marker": {"symbol": [_symbol(number, row) for row in drawn], "size": 8, "color": colour(number)},
        })  # fmt: skip
    errors = (value for trace in data for value in trace["y"])
    places = sorted({value_at(row, along) for row in rows}) if counted else []
    only = {"tickvals": places} if len(places) == 1 else {}  # no halves of an antenna beside it
    across = axis(named(along), **only) if counted else axis(named(along), type="category")
    layout = {"xaxis": across, "yaxis": log_axis(f"RMSE ({unit})", errors)} | ({} if counted else _APART)
    told = f"The {coordinate} error over {named(along)} beside its bound, {title}; its numbers are folded below it."
    note = left_out([row[f"judged_{coordinate}"] for row in rows], coordinate)
    return Chart(title=title, told=told, data=data, layout=layout,
                 chosen={**(chosen or {}), ERROR: coordinate}, note=note)  # fmt: skip


_APART = {"scattermode": "group", "scattergap": 0.4}
"""Points over values that are no numbers: those of different methods stand beside each other."""


def _places(rows: Sequence[Row], along: str, counted: bool) -> list[Any]:
    return [value_at(row, along) if counted else label_of(row, along) for row in rows]


def left_out(judged: Sequence[int], coordinate: str) -> str:
    """Why some points of an error are not drawn; empty where all are.

    >>> left_out([0, 12, 4], "azimuth")
    '2 of 3 points are not drawn: an error needs 10 sources of successful scenes, and these have 0 to 4.'
    >>> left_out([12], "azimuth")
    ''

    Args:
        judged: how many sources each rests on.
        coordinate: out of `COORDINATES`.
    """
    few = sorted(count for count in judged if count < FEWEST)
    if not few:
        return ""
    left = "No point is" if len(few) == len(judged) else f"{len(few)} of {len(judged)} points are not"
    known = " whose bound is below 1 m" if coordinate == "distance" else ""
    found = f"{few[0]}" if few[0] == few[-1] else f"{few[0]} to {few[-1]}"
    return f"{left} drawn: an error needs {FEWEST} sources of successful scenes{known}, and these have {found}."


def by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by method, in the order in which methods first appear."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["method"], []).append(row)
    return found


def _spread(rows: Sequence[Row], name: str) -> dict[str, Any]:
    """The interval of each figure."""
    return spread(*([row[f"{name}_{end}"] - row[name] for row in rows] for end in ("high", "low")))


def _symbol(number: int, row: Row) -> str:
    """Hollow where fewer than half of the scenes succeed: the error is that of the easy ones."""
    return f"{SYMBOLS[number % len(SYMBOLS)]}{'' if row['success'] >= 0.5 else '-open'}"
