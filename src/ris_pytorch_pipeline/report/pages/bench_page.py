"""What does the page of a benchmark say? Each sweep in charts and a table, its alarms, and where its rows come from."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from ..result_table import Row
from .charts import COORDINATES, Chart, error_lines, named, spelled, success_bars, success_map
from .templating import rendered

_SNR_AXES = {"sources", "snr_db"}
_SOURCES = {"commit": "commit", "package": "version of ris_pytorch_pipeline", "code": "digest of the code",
            "torch": "torch", "numpy": "numpy", "scipy": "scipy", "python": "Python", "machine": "machine",
            "threads": "threads", "seed": "seed", "suite": "digest of the suite"}  # fmt: skip
COLUMNS = ("n", "success [95 %]", "RMSE/CRB az", "el", "dist", "CRB az median", "K right", "GOSPA [95 %]",
           "genie's success", "scenes/s")  # fmt: skip
"""Of a table, behind the method and the axes."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """What stands in a cell of a table.

    Args:
        shown: the text.
        key: number that a column is sorted by; None for texts, and for numbers that do not exist.
    """

    shown: str
    key: float | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A sweep on the page.

    Args:
        name: of the sweep.
        sentence: what it compares.
        charts: in order.
        head: headings of its table.
        lines: of its table.
    """

    name: str
    sentence: str
    charts: Sequence[Chart]
    head: Sequence[str]
    lines: Sequence[Sequence[Text]]

    @property
    def kinds(self) -> list[str]:
        """What charts are chosen by."""
        return list(dict.fromkeys(chart.kind for chart in self.charts if chart.kind))


def bench_page(title: str, rows: Sequence[Row], suite: Mapping[str, Any]) -> str:
    """The HTML document of a benchmark's results.

    Args:
        title: plain text.
        rows: of results, in the order of the suite.
        suite: its plain values.

    Raises:
        InputError: no row.
    """
    if not rows:
        raise InputError("a finished cell", "none", "a suite that was stopped at once", "go on with --resume")
    names = list(dict.fromkeys(row["sweep"] for row in rows))
    sections = [section_of(name, [row for row in rows if row["sweep"] == name]) for name in names]
    charts = {f"chart-{i}-{j}": chart.spec for i, section in enumerate(sections)
              for j, chart in enumerate(section.charts)}  # fmt: skip
    return rendered(
        "bench.html.j2",
        title=title,
        sections=sections,
        charts=charts,
        cells=len(rows),
        wanted=_wanted(suite),
        alarms=[(f"{row['sweep']}, {_where(row)}{row['method']}", row["alarm"]) for row in rows if row["alarm"]],
        sources=[(words, _all(rows, name)) for name, words in _SOURCES.items()],
        began=f"{min(row['began'] for row in rows)} to {max(row['began'] for row in rows)}",
        minutes=f"{sum(row['seconds'] for row in rows) / 60:.1f}",
        contenders=sorted({(row["method"], row["contender"]) for row in rows}),
    )


def section_of(name: str, rows: Sequence[Row]) -> Section:
    """The section of a sweep.

    Args:
        name: of the sweep.
        rows: its results.
    """
    axes = list(json.loads(rows[0]["axes"]))
    scenes = sorted({row["n"] for row in rows})
    size = f"{scenes[0]}" if len(scenes) == 1 else f"{scenes[0]} to {scenes[-1]}"
    told = "told" if rows[0]["known_order"] else "not told"
    over = f" over {', '.join(map(named, axes))}" if axes else ""
    methods = ", ".join(dict.fromkeys(row["method"] for row in rows))
    return Section(
        name=name,
        sentence=f"{methods}{over}: {size} scenes a cell, contenders are {told} the number of sources.",
        charts=charts_of(rows, axes),
        head=("method", *map(named, axes), *COLUMNS),
        lines=[line_of(row, axes) for row in rows],
    )


def charts_of(rows: Sequence[Row], axes: Sequence[str]) -> list[Chart]:
    """Charts over SNR for each number of sources; else bars over one axis, or maps over two.

    Args:
        rows: results of a sweep.
        axes: of it.
    """
    points = all(row["snr_db_least"] == row["snr_db_most"] for row in rows)
    if "snr_db" in axes and set(axes) <= _SNR_AXES and points:
        return [chart for group in _by_sources(rows) for chart in _over_snr(group)]
    if len(axes) == 1:
        return [success_bars(rows, axes[0], f"success by {named(axes[0])}")]
    if len(axes) == 2:
        methods = dict.fromkeys(row["method"] for row in rows)
        return [success_map([row for row in rows if row["method"] == m], (axes[0], axes[1]), m) for m in methods]
    return []


def line_of(row: Row, axes: Sequence[str]) -> list[Text]:
    """A line of the table of a sweep."""
    labels = json.loads(row["axes"])
    return [
        Text(shown=row["method"]),
        *(Text(shown=spelled(labels[axis]), key=_key(labels[axis])) for axis in axes),
        _number(row["n"], "d"),
        _measured(row, "success"),
        *(_number(row[f"rmse_over_crb_{name}"], ".2f") for name in COORDINATES),
        _number(row["bound_azimuth_deg_median"], ".3f", "°"),
        _number(row["order_accuracy"], ".2f"),
        _measured(row, "gospa_whitened"),
        _number(row["genie_success"], ".2f"),
        _number(row["scenes_per_s"], ".3g"),
    ]


def _over_snr(rows: Sequence[Row]) -> list[Chart]:
    low, high = rows[0]["sources_least"], rows[0]["sources_most"]
    title = f"K = {low}" if low == high else f"K = {low} to {high}"
    return [success_bars(rows, "snr_db", title), *(error_lines(rows, name, title) for name in COORDINATES)]


def _by_sources(rows: Sequence[Row]) -> list[list[Row]]:
    found: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        found.setdefault((row["sources_least"], row["sources_most"]), []).append(row)
    return list(found.values())


def _number(value: float, form: str, unit: str = "") -> Text:
    missing = isinstance(value, float) and not math.isfinite(value)
    return Text(shown="-") if missing else Text(shown=f"{value:{form}}{unit}", key=float(value))


def _measured(row: Row, name: str) -> Text:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return (
        Text(shown="-") if not math.isfinite(value) else Text(shown=f"{value:.2f} [{low:.2f}, {high:.2f}]", key=value)
    )


def _key(label: Any) -> float | None:  # noqa: ANN401
    return float(label) if isinstance(label, int | float) else None


def _where(row: Row) -> str:
    return "".join(f"{name} {spelled(label)}, " for name, label in json.loads(row["axes"]).items())


def _all(rows: Sequence[Row], name: str) -> str:
    return ", ".join(dict.fromkeys(str(row[name]) for row in rows))


def _wanted(suite: Mapping[str, Any]) -> int:
    """Cells of the whole suite."""
    count = 0
    for sweep in suite["sweeps"].values():
        points = math.prod(len(values) for values in sweep["axes"].values())
        count += points * len(sweep["methods"])
    return count
