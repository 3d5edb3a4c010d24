"""What does the page of a training say? Its verdict, its curves, how it did on unseen scenes, and its origin."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainlint import Verdict

from ..result_table import Row
from ..sweep_axes import spelled
from .bench_page import MEANING, SOURCES, counted, table_of
from .charts.bench_charts import by_method
from .charts.run_charts import learning_charts, skipped
from .charts.sweep_charts import charts_of
from .parts import Charts, Facts, Listing, Part, Report, Scenes, Section, Verbatim, Words
from .records import Curves, Record, curves_of
from .reliability import Held, reliability_chart
from .verdict_parts import verdict_parts


@dataclass(frozen=True, kw_only=True)
class EvaluationShown:
    """How a network did on unseen scenes.

    >>> shown = EvaluationShown(rows=[], words=["ema weights, 200 scenes of seed 1."])
    >>> [section.title for section in run_report(RunShown(name="first", evaluation=shown)).sections]
    ['Unseen scenes', 'Provenance']

    Args:
        rows: a cell each, as `ris bench SUITE` keeps them.
        words: which network and which scenes, and what else is to be said.
        held: how many errors lie within the stated ±, by coordinate.
        scenes: for the explorer, as `explorer.explored` gives them; None where none are kept.
    """

    rows: Sequence[Row]
    words: Sequence[str] = ()
    held: Mapping[str, Sequence[Held]] = field(default_factory=dict)
    scenes: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class RunShown:
    """What is known of a training.

    >>> run = RunShown(name="first", unevaluated="No scenes were kept.", facts=[("dataset", "hall 3")])
    >>> [section.title for section in run_report(run).sections]
    ['Unseen scenes', 'Provenance']

    Args:
        name: of it, plain text.
        events: of its ledger, those that stand; none of a network that was trained elsewhere.
        verdict: on the training; None where there is none.
        unjudged: why there is none.
        evaluation: on unseen scenes; None where there was none.
        unevaluated: why there is none, and how to have one.
        facts: of its origin, beside what the ledger says.
        commands: to go on with.
    """

    name: str
    events: Sequence[Record] = ()
    verdict: Verdict | None = None
    unjudged: str = ""
    evaluation: EvaluationShown | None = None
    unevaluated: str = ""
    facts: Sequence[tuple[str, str]] = ()
    commands: Sequence[str] = ()


def run_report(run: RunShown) -> Report:
    """What a page says of a training.

    >>> update = {"event": "update", "attempt": 1, "outcome": "applied", "loss": 2.0}
    >>> report = run_report(RunShown(name="first", events=[update]))
    >>> report.title, [section.title for section in report.sections]
    ('Run first', ['Verdict', 'Learning', 'Provenance'])

    Args:
        run: the training.
    """
    curves = curves_of(run.events)
    sections = [
        *([Section(title="Verdict", parts=verdict_parts(run.verdict, run.unjudged))] if run.events else []),
        *_learning(curves),
        *_evaluated(run),
        Section(title="Provenance", parts=_provenance(run, curves)),
    ]
    return Report(title=f"Run {run.name}", lead=[Words(text=text) for text in _lead(run, curves)], sections=sections)


def _lead(run: RunShown, curves: Curves) -> list[str]:
    lines = []
    if run.events:
        end = "" if curves.ended else " The ledger has no end: the run goes on, or was cut off."
        lines.append(
            f"{_several(len(curves.epochs), 'epoch')}, {_several(len(curves.updates), 'attempted update')}, "
            f"{len(skipped(curves))} of them not applied.{end}"
        )
    if run.evaluation is not None and run.evaluation.rows:
        lines.append(_shares(run.evaluation.rows))
    return lines


def _several(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _shares(rows: Sequence[Row]) -> str:
    """The success of each method, from its lowest to its highest cell."""
    spans = {method: [row["success"] for row in own] for method, own in by_method(rows).items()}
    ends = {method: (f"{min(own):.3f}", f"{max(own):.3f}") for method, own in spans.items()}
    told = ", ".join(f"{method} {low}{f' to {high}' if high != low else ''}" for method, (low, high) in ends.items())
    cells = len({row["axes"] for row in rows})
    where = _where(rows[0]) if cells == 1 else f"over {cells} combinations of K and SNR, n = {rows[0]['n']} each"
    return f"Share of unseen scenes in which every source was found within 3°, {where}: {told}."


def _where(row: Row) -> str:
    axes = json.loads(row["axes"])
    return f"K = {spelled(axes['sources'])}, {spelled(axes['snr_db'])} dB, n = {row['n']}"


def _learning(curves: Curves) -> list[Section]:
    charts = learning_charts(curves)
    return [Section(title="Learning", parts=[Charts(charts=charts)])] if charts else []


def _evaluated(run: RunShown) -> list[Section]:
    shown = run.evaluation
    if shown is None:
        return [Section(title="Unseen scenes", parts=[Words(text=run.unevaluated)])] if run.unevaluated else []
    parts: list[Part] = [Words(text=text) for text in shown.words[:1]]
    parts += [Listing(lines=shown.words[1:])] if shown.words[1:] else []
    alarms = [f"{row['method']}, {_where(row)}: {row['alarm']}" for row in shown.rows if row["alarm"]]
    parts += [Listing(lines=alarms, alarm=True)] if alarms else []
    if shown.rows:
        charts, left = charts_of(shown.rows)
        parts += [Words(text=f"{counted(shown.rows)} {MEANING}"), Charts(charts=charts)]
        parts += [Words(text=left)] if left else []
        parts.append(table_of("the evaluation", shown.rows))
    sections = [Section(title="Unseen scenes", parts=parts)]
    chart = reliability_chart(shown.held)
    if chart is not None:
        sections.append(Section(title="Stated errors", parts=[Words(text=_RELIABILITY), Charts(charts=[chart])]))
    if shown.scenes is not None and shown.scenes["scenes"]:
        sections.append(Section(title="Scenes", parts=[
            Words(text=f"{_counted(shown.scenes)} {_SCENES}"), Scenes(data=shown.scenes),
        ]))  # fmt: skip
    return sections


def _counted(data: Mapping[str, Any]) -> str:
    """How many of the kept scenes are on the page, how many have a spectrum, and why no more."""
    shown, kept, drawn = len(data["scenes"]), data["kept"], data["spectra"]
    told = f"{'All ' if shown == kept else f'The {shown} worst of '}{kept} kept scenes."
    if shown == kept and drawn in (0, kept):
        return told
    spectra = f" The {drawn} worst have a spectrum." if 0 < drawn < shown else ""
    return f"{told}{spectra} A page with more would exceed 6 MB."


_RELIABILITY = (
    "Of sources found within 3° in the kept scenes, of distances those whose bound is below 1 m: how many errors lie "
    "within the stated ±, scaled to hold a given share of normal errors. On the diagonal ± holds what it promises; "
    "below the diagonal it is too small. Bars are 95 % intervals."
)
_SCENES = (
    "Worst first: by sources missed or invented, then by the largest error over its bound. Rings are true sources, "
    "diamonds found ones. The ellipsoids hold 95 % if the stated ± of the three coordinates is right and they are "
    "independent. The slider moves through the distances of the spectrum; sources at another distance are faint in it."
)


_IDENTIFIED = ("package", "code", "torch", "python", "seed", "suite")
"""Of what makes a result: named by a run's identity and configuration already."""


def _provenance(run: RunShown, curves: Curves) -> list[Part]:
    begun = [record for record in run.events if record.get("event") in ("start", "resume")]
    start = curves.start
    identity = start.get("identity")
    facts = [*run.facts]
    if isinstance(identity, Mapping):
        facts += [(str(name), str(value)) for name, value in identity.items()]
    facts += _sources(begun)
    if begun:
        facts.append(("sessions", str(len(begun))))
    facts += [(name, _plain(start[name])) for name in ("data", "parameters", "planned", "processes") if name in start]
    parts: list[Part] = [Facts(name="Provenance", rows=facts)] if facts else []
    lines = flattened(start.get("experiment"))
    if lines:
        text = "\n".join(f"{name} = {value}" for name, value in lines.items())
        parts.append(Verbatim(text=text, summary="Configuration"))
    if run.commands:
        parts += [Words(text="Go on from here:"), Verbatim(text="\n".join(run.commands))]
    return parts or [Words(text="Nothing is known of its origin.")]


def _sources(begun: Sequence[Record]) -> list[tuple[str, str]]:
    """What made a run, beside its identity: of each session, where they differ. Runs from before recorded none."""
    held = [source if isinstance(source := record.get("source"), Mapping) else {} for record in begun]
    told = [
        (words, name) for name, words in SOURCES.items() if name not in _IDENTIFIED and any(name in s for s in held)
    ]
    return [(words, ", ".join(dict.fromkeys(_plain(each.get(name, "-")) for each in held))) for words, name in told]


def flattened(value: Any, name: str = "") -> dict[str, str]:  # noqa: ANN401
    """The fields of nested tables by dotted name, as texts.

    >>> flattened({"net": {"width": 8}, "seed": 0})
    {'net.width': '8', 'seed': '0'}

    Args:
        value: plain.
        name: of it.
    """
    if not isinstance(value, Mapping):
        return {name: _plain(value)} if name else {}
    found: dict[str, str] = {}
    for key, inner in value.items():
        found |= flattened(inner, f"{name}.{key}" if name else str(key))
    return found


def _plain(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
