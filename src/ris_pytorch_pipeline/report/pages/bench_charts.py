"""What do the charts of a benchmark show? Plain specifications for Plotly: success, error beside the bound, maps."""

import json
from collections.abc import Sequence
from typing import Any

from ..result_table import Row
from .chart import DASHES, GREY, SYMBOLS, Chart, colour, filling, finite, log_axis, spread

COORDINATES = {"azimuth": ("azimuth_deg", "degrees"), "elevation": ("elevation_deg", "degrees"),
               "distance": ("distance_m", "m")}  # fmt: skip
"""Key of the figures of a coordinate, and their unit."""
FEWEST = 10
"""Sources that an error must rest on to be drawn."""
_NAMES = {"sources": "K", "snr_db": "SNR (dB)"}


def named(axis: str) -> str:
    """An axis in words."""
    return _NAMES.get(axis, axis)


def label_of(row: Row, axis: str) -> str:
    """The value of a row on an axis in words."""
    return spelled(json.loads(row["axes"])[axis])


def spelled(value: Any) -> str:  # noqa: ANN401
    """A value of an axis in words; a span as `low to high`."""
    if isinstance(value, list):
        return " to ".join(spelled(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def success_bars(rows: Sequence[Row], axes: Sequence[str], title: str) -> Chart:
    """Success by the values of axes, a group of bars for each and a bar for each method, with 95 % intervals.

    Args:
        rows: results, one for each combination of values and each method.
        axes: of the values; none of a sweep of one combination.
        title: above the chart.
    """
    data = []
    for number, (method, own) in enumerate(by_method(rows).items()):
        data.append({
            "type": "bar", "name": method, "x": [_labels(row, axes) for row in own],
            "y": [finite(row["success"]) for row in own], "error_y": _spread(own, "success"),
            "marker": filling(number),
        })  # fmt: skip
    names = ", ".join(map(named, axes))
    layout = {"barmode": "group", "xaxis": {"title": {"text": names}, "type": "category", "automargin": True},
              "yaxis": {"title": {"text": "success"}, "range": [0, 1.05]}}  # fmt: skip
    return Chart(title=title, told=f"Bars of success, {title}; the table below has the numbers.",
                 data=data, layout=layout)  # fmt: skip


def _labels(row: Row, axes: Sequence[str]) -> str:
    return ", ".join(label_of(row, axis) for axis in axes) or "all scenes"


def error_lines(rows: Sequence[Row], coordinate: str, title: str) -> Chart:
    """RMSE of successful scenes over SNR beside the bound of all sources, logarithmic.

    Args:
        rows: results of one number of sources.
        coordinate: out of `COORDINATES`.
        title: above the chart.
    """
    key, unit = COORDINATES[coordinate]
    lines = by_method(rows)
    whole = next(iter(lines.values()))
    data: list[dict[str, Any]] = [{
        "type": "scatter", "mode": "lines" if len(whole) > 1 else "markers", "name": "bound",
        "x": [row["snr_db_least"] for row in whole], "y": [finite(row[f"rms_bound_all_{key}"]) for row in whole],
        "line": {"dash": "dot", "color": GREY},
        "marker": {"symbol": "line-ew", "size": 24, "line": {"width": 2, "color": GREY}},
    }]  # fmt: skip
    for number, (method, line) in enumerate(lines.items()):
        drawn = [row for row in line if row[f"judged_{coordinate}"] >= FEWEST]
        data.append({
            "type": "scatter", "mode": "lines+markers", "name": method, "x": [row["snr_db_least"] for row in drawn],
            "y": [finite(row[f"rmse_{key}"]) for row in drawn], "error_y": _spread(drawn, f"rmse_{key}"),
            "line": {"color": colour(number), "dash": DASHES[number % len(DASHES)]},
            "marker": {"symbol": [_symbol(number, row) for row in drawn], "size": 8},
        })  # fmt: skip
    errors = (value for trace in data for value in trace["y"])
    layout = {"xaxis": {"title": {"text": named("snr_db")}}, "yaxis": log_axis(f"RMSE ({unit})", errors)}
    told = f"Lines of the {coordinate} error over SNR beside the Cramér-Rao bound, {title}; the table has the numbers."
    note = left_out([row[f"judged_{coordinate}"] for row in rows], coordinate)
    return Chart(title=f"{title}, {coordinate}", told=told, data=data, layout=layout, kind=coordinate, note=note)


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


def success_map(rows: Sequence[Row], axes: tuple[str, str], method: str) -> Chart:
    """Success of a method over two axes, the first one downwards.

    Args:
        rows: results of the method.
        axes: their names.
        method: for the title.
    """
    down, across = (list(dict.fromkeys(label_of(row, axis) for row in rows)) for axis in axes)
    found = {(label_of(row, axes[0]), label_of(row, axes[1])): finite(row["success"]) for row in rows}
    values = [[found.get((y, x)) for x in across] for y in down]
    texts = [["-" if value is None else f"{value:.2f}" for value in line] for line in values]
    data = [{"type": "heatmap", "x": across, "y": down, "z": values, "text": texts, "texttemplate": "%{text}",
             "zmin": 0, "zmax": 1, "colorscale": "Blues", "reversescale": True,
             "colorbar": {"title": {"text": "success"}}}]  # fmt: skip
    layout = {"xaxis": {"title": {"text": named(axes[1])}, "type": "category"},
              "yaxis": {"title": {"text": named(axes[0])}, "type": "category", "autorange": "reversed"}}  # fmt: skip
    told = f"Map of the success of {method} over {axes[0]} and {axes[1]}; the table below has the numbers."
    return Chart(title=method, told=told, data=data, layout=layout)


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
