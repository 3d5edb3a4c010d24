"""How do several trainings differ? Their results beside each other, their curves in one chart, and their settings."""

from collections.abc import Sequence

from .charts.chart import Chart
from .charts.run_charts import comparing_charts, skipped
from .parts import Charts, Part, Section, Table, Text, Words
from .records import curves_of, number_at
from .run_page import RunShown, flattened

HEAD = ("run", "verdict", "epochs", "updates", "not applied", "best epoch", "best validation loss", "unseen: method",
        "success")  # fmt: skip


def compared_runs(runs: Sequence[RunShown]) -> Section:
    """Several trainings side by side.

    >>> def events(rate: float) -> list[dict[str, object]]:
    ...     start = {"event": "start", "identity": {}, "experiment": {"optimisation": {"rate": rate}}}
    ...     return [start, {"event": "epoch", "epoch": 1, "train": 2.0, "validation": {"total": 1.5}}]
    >>> runs = [RunShown(name=name, events=events(rate)) for name, rate in (("slow", 1e-3), ("fast", 4e-3))]
    >>> [part.template for part in compared_runs(runs).parts]  # results, curves, and the rates that differ
    ['table', 'charts', 'words', 'table']

    Args:
        runs: at least two.
    """
    named = {run.name: curves_of(run.events) for run in runs}
    charts = comparing_charts(named)
    parts: list[Part] = [Table(name="Runs side by side", head=HEAD, lines=[_line(run) for run in runs])]
    parts += [Charts(charts=_in_order(charts))] if charts else []
    return Section(title="Side by side", parts=[*parts, *_differences(runs)])


def _in_order(charts: Sequence[Chart]) -> list[Chart]:
    return sorted(charts, key=lambda chart: bool(chart.chosen))


def _line(run: RunShown) -> list[Text]:
    curves = curves_of(run.events)
    totals = [(value, number_at(r, "epoch")) for r in curves.epochs
              if (value := number_at(r, "validation", "total")) is not None]  # fmt: skip
    best, epoch = min(totals, key=lambda pair: pair[0], default=(None, None))
    rows = run.evaluation.rows if run.evaluation is not None else ()
    row = rows[0] if rows else None
    return [
        Text(shown=run.name),
        Text(shown="not judged" if run.verdict is None else str(run.verdict.state)),
        *(Text.number(float(n), ".0f") for n in (len(curves.epochs), len(curves.updates), len(skipped(curves)))),
        Text.number(epoch, ".0f"),
        Text.number(best),
        Text(shown="-" if row is None else row["method"]),
        Text(shown="-") if row is None else Text(
            shown=f"{row['success']:.2f} [{row['success_low']:.2f}, {row['success_high']:.2f}]", key=row["success"]
        ),
    ]  # fmt: skip


def _differences(runs: Sequence[RunShown]) -> list[Part]:
    """The fields in which the configurations differ."""
    settings = [flattened(curves_of(run.events).start.get("experiment")) for run in runs]
    names = list(dict.fromkeys(name for each in settings for name in each))
    odd = [name for name in names if len({each.get(name) for each in settings}) > 1]
    if not odd:
        return [Words(text="Their configurations are the same.")] if all(settings) else []
    lines = [[Text(shown=name), *(Text(shown=each.get(name, "-")) for each in settings)] for name in odd]
    head = ("field", *(run.name for run in runs))
    return [Words(text="Their configurations differ in:"), Table(name="Differences", head=head, lines=lines)]
