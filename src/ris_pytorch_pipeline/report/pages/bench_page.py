"""What does the page of a benchmark say? Each sweep in charts and a table, its alarms, and where its rows come from."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InputError
from ..result_table import Row
from ..sweep_axes import named, spelled
from .charts.bench_charts import COORDINATES
from .charts.sweep_charts import ALL_CHARTS, charts_of
from .parts import Charts, Facts, Listing, Part, Report, Section, Table, Text, Words

SOURCES = {"commit": "commit", "package": "version of ris_pytorch_pipeline", "code": "digest of the code",
            "torch": "torch", "numpy": "numpy", "scipy": "scipy", "python": "Python", "machine": "machine",
            "threads": "threads", "seed": "seed", "suite": "digest of the suite"}  # fmt: skip
"""What made a result, in words."""
COLUMNS = ("success [95 %]", "RMSE/CRB az", "el", "dist", "n", "CRB az median", "K right", "GOSPA [95 %]",
           "genie's success", "scenes/s")  # fmt: skip
"""Of a table, behind the method and the axes; on a narrow screen those on the right are folded away first."""
MEANING = (
    "Success is the share of scenes with every source within 3° and none too many. RMSE and RMSE/CRB are over the "
    "sources of successful scenes, of distances those whose bound is below 1 m. GOSPA is in standard deviations of the "
    "bound; the bound that is drawn is that of all sources of all scenes. Intervals are 95 %. Hollow points: success "
    "below one half, so that the error is that of the easy scenes."
)


def bench_report(name: str, rows: Sequence[Row], suite: Mapping[str, Any], most: int = ALL_CHARTS) -> Report:
    """What a page says of a benchmark.

    >>> from ris_pytorch_pipeline.bench import Entering, beside_genie, suite_of, work
    >>> from ris_pytorch_pipeline.train import load_network
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> sweeps = {"snr": {"methods": ["genie"], "over": {"snr_db": [20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "sweeps": sweeps})
    >>> row = work(suite.cells()[0], Entering(read=load_network), suite.digest).row
    >>> report = bench_report("mine", beside_genie([row]), suite.to_plain())
    >>> report.title, [section.title for section in report.sections]
    ('Benchmark mine', ['snr', 'Provenance'])

    Args:
        name: of it, plain text.
        rows: of results, in the order of the suite.
        suite: its plain values.
        most: letters that its charts may take of the page.

    Raises:
        InputError: no row.
    """
    if not rows:
        raise InputError("a finished cell", "none", "a suite that was stopped at once", "go on with --resume")
    names = list(dict.fromkeys(row["sweep"] for row in rows))
    alarms = [f"{row['sweep']}, {_where(row)}{row['method']}: {row['alarm']}" for row in rows if row["alarm"]]
    cells = f"{len(rows)} of {_wanted(suite)} cells, {len(names)} sweep{'s' if len(names) > 1 else ''}."
    bad = f"{len(alarms)} of them cannot be right." if alarms else "No cell is better than the bound allows."
    sections = [_section(each, [row for row in rows if row["sweep"] == each], most // len(names)) for each in names]
    heard = [Section(title="Alarms", parts=[Listing(lines=alarms, alarm=True)])] if alarms else []
    return Report(
        title=f"Benchmark {name}",
        lead=[Words(text=cells), Words(text=bad, alarm=bool(alarms)), Words(text=MEANING)],
        sections=[*heard, *sections, _provenance(rows)],
    )


def _section(name: str, rows: Sequence[Row], most: int) -> Section:
    """The section of a sweep."""
    axes = list(json.loads(rows[0]["axes"]))
    over = f" over {', '.join(map(named, axes))}" if axes else ""
    methods = ", ".join(dict.fromkeys(row["method"] for row in rows))
    drawn, left = charts_of(rows, most)
    parts: list[Part] = [Words(text=f"{methods}{over}: {counted(rows)}"), Charts(charts=drawn)]
    parts += [Words(text=left)] if left else []
    return Section(title=name, parts=[*parts, table_of(name, rows)])


def counted(rows: Sequence[Row]) -> str:
    """How many scenes, and whether contenders know K, in a sentence."""
    scenes = sorted({row["n"] for row in rows})
    size = f"{scenes[0]}" if len(scenes) == 1 else f"{scenes[0]} to {scenes[-1]}"
    told = "told" if rows[0]["known_order"] else "not told"
    return f"{size} scenes a cell, contenders are {told} the number of sources."


def table_of(name: str, rows: Sequence[Row]) -> Table:
    """The table of a sweep.

    Args:
        name: of the sweep.
        rows: its results.
    """
    axes = list(json.loads(rows[0]["axes"]))
    head = ("method", *map(named, axes), *COLUMNS)
    return Table(name=f"Table of {name}", head=head, lines=[line_of(row, axes) for row in rows])


def _provenance(rows: Sequence[Row]) -> Section:
    began = f"{min(row['began'] for row in rows)} to {max(row['began'] for row in rows)}"
    seconds = sum(row["seconds"] for row in rows)
    work = f"{seconds / 60:.1f} minutes" if seconds > 100 else f"{seconds:.3g} seconds"
    contenders = sorted({(f"contender {row['method']}", row["contender"]) for row in rows})
    facts = [*((words, _all(rows, name)) for name, words in SOURCES.items()), *contenders]
    return Section(title="Provenance", parts=[
        Words(text=f"Begun {began}; {work} of work in all."), Facts(name="Provenance", rows=facts),
    ])  # fmt: skip


def line_of(row: Row, axes: Sequence[str]) -> list[Text]:
    """A line of the table of a sweep."""
    labels = json.loads(row["axes"])
    return [
        Text(shown=row["method"]),
        *(Text(shown=spelled(labels[axis]), key=_key(labels[axis])) for axis in axes),
        _measured(row, "success"),
        *(Text.number(row[f"rmse_over_crb_{name}"], ".2f") for name in COORDINATES),
        Text.number(row["n"], "d"),
        Text.number(row["bound_azimuth_deg_median"], ".3f", "°"),
        Text.number(row["order_accuracy"], ".2f"),
        _measured(row, "gospa_whitened"),
        Text.number(row["genie_success"], ".2f"),
        Text.number(row["scenes_per_s"], ".3g"),
    ]


def _measured(row: Row, name: str) -> Text:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return Text.number(value, ".2f", f" [{low:.2f}, {high:.2f}]")


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
