"""What does the page of a search say? What it found, its history, what mattered, and what came of every trial."""

from collections.abc import Mapping, Sequence
from typing import Any

from .bench_page import SOURCES
from .charts.search_charts import history, importance_bars, knob_charts, reports
from .parts import Charts, Facts, Listing, Part, Report, Section, Table, Text, Verbatim, Words
from .run_page import flattened

Document = Mapping[str, Any]
"""As `search.json` has it."""
_MEANING = (
    "The value of a trial is the mean GOSPA over fixed scenes in standard deviations of the Cramér-Rao bound; lower is "
    "better. The best of many trials looks better than it is on the scenes that chose it: quote the figure on held-out "
    "scenes."
)
_GOOD = ("done", "pruned", "same")
"""Outcomes that are no bad news."""


def search_report(
    name: str,
    document: Document,
    importances: Mapping[str, float] | None,
    *,
    unjudged: str = "",
    best: str = "",
    changes: Mapping[str, str] | None = None,
) -> Report:
    """What a page says of a search.

    >>> outcome = {"kind": "done", "words": "2.400 (epoch 1)", "value": 2.4, "epoch": 1, "verdict": None}
    >>> trial = {"stage": "short", "trial": 0, "values": {"net.width": 16}, "outcome": outcome, "reports": {"1": 2.4}}
    >>> document = {
    ...     "settings": {"base": {}, "space": {"net": {"width": {"choices": [16, 32]}}}, "epochs": 1},
    ...     "complete": False, "counts": {"short done": 1}, "best": {"stage": "short", "trial": 0}, "base": None,
    ...     "held_out": None, "held_out_base": None, "gain": None, "trials": [trial],
    ... }
    >>> report = search_report("widths", document, None, unjudged="one trial tells nothing apart")
    >>> report.title, report.lead[0].text
    ('Search widths', 'The search is not complete: 1 short done.')

    Args:
        name: of it, plain text.
        document: settings, trials and results.
        importances: share of the variance of the objective by knob; None where they are not known.
        unjudged: why they are not.
        best: the best experiment as TOML; empty where there is none.
        changes: knobs in which the best trial differs from the base, with both values; None where that is not known.
    """
    trials = document["trials"]
    sections = [
        Section(title="Best", parts=_best(document, best, changes or {})),
        Section(title="History", parts=_drawn([history(trials), reports(trials)], "no trial has a value yet")),
        Section(title="Importances", parts=_importances(importances, unjudged)),
        Section(title="Knobs", parts=[
            *_drawn(knob_charts(trials, document["settings"]["space"]), "no trial of the short stage has a value yet"),
        ]),
        Section(title="Trials", parts=_trials(trials)),
        *_checked(document.get("preflight")),
        Section(title="Provenance", parts=_settings(document)),
    ]  # fmt: skip
    return Report(title=f"Search {name}", lead=_lead(document), sections=sections)


def _lead(document: Document) -> list[Words]:
    counts = "; ".join(f"{count} {kind}" for kind, count in document["counts"].items()) or "no trial"
    state = "The search is complete" if document["complete"] else "The search is not complete"
    return [
        Words(text=f"{state}: {counts}."),
        Words(text=_MEANING),
    ]


def _best(document: Document, toml: str, changes: Mapping[str, str]) -> list[Part]:
    where = document["best"]
    if where is None:
        return [Words(text="No trial has come to an end.")]
    best = {(t["stage"], t["trial"]): t for t in document["trials"]}[where["stage"], where["trial"]]
    same = document["base"] == where
    itself = ", the base itself" if same else ""
    lines = [f"{where['stage']} trial {where['trial']}{itself}: {best['outcome']['words']}"]
    if document["held_out"] is not None:
        lines.append(f"on held-out scenes: {_interval(document['held_out'])}")
    if not same and document["held_out_base"] is not None and document["gain"] is not None:
        gain = document["gain"]
        verdict = "" if gain["low"] > 0 else " (it holds 0 or less: nothing better was found)"
        lines.append(f"the base there: {_interval(document['held_out_base'])}")
        lines.append(f"base less best, scene by scene: {_interval(gain)}{verdict}")
    parts: list[Part] = [Listing(lines=lines)]
    values = changes or best["values"]
    if values:
        rows = [(name, str(value)) for name, value in values.items()]
        parts.append(Facts(name="Values of the best trial", rows=rows))
    return [*parts, Verbatim(text=toml, summary="best.toml")] if toml else parts


def _importances(importances: Mapping[str, float] | None, unjudged: str) -> list[Part]:
    if importances is None:
        return [Words(text=f"Not judged: {unjudged}.")]
    words = (
        "How much of the difference between good and other trials each knob accounts for (PED-ANOVA), of short trials "
        "that are done. With few trials it is mostly chance."
    )
    return [Words(text=words), Charts(charts=[importance_bars(importances)])]


def _drawn(charts: Sequence[Any], nothing: str) -> list[Part]:
    held = [chart for chart in charts if chart is not None]
    return [Charts(charts=held)] if held else [Words(text=f"Nothing to draw: {nothing}.")]


def _trials(trials: Sequence[Mapping[str, Any]]) -> list[Part]:
    knobs = list(dict.fromkeys(name for trial in trials for name in trial["values"]))
    head = ("stage", "trial", "state", "value", "epoch", "verdict", "what came of it", *knobs)
    table = Table(name="Trials", head=head, lines=[_line(trial, knobs) for trial in trials])
    bad = [f"{t['stage']} {t['trial']}: {t['outcome']['words']}" for t in trials
           if t["outcome"] is not None and t["outcome"]["kind"] not in _GOOD]  # fmt: skip
    heard = [Words(text="Trials that came to nothing:"), Listing(lines=bad, alarm=True)] if bad else []
    return [table, *heard]


def _line(trial: Mapping[str, Any], knobs: Sequence[str]) -> list[Text]:
    outcome = trial["outcome"] or {"kind": "running", "words": "running", "value": None, "epoch": 0, "verdict": None}
    return [
        Text(shown=trial["stage"]),
        Text(shown=str(trial["trial"]), key=trial["trial"]),
        Text(shown=outcome["kind"]),
        Text.number(outcome["value"], ".3f"),
        Text.number(outcome["epoch"] or None, ".0f"),
        Text(shown=_verdict(outcome["verdict"])),
        Text(shown=next(iter(outcome["words"].splitlines()), "")[:120]),
        *(_knob(trial["values"].get(name)) for name in knobs),
    ]


def _verdict(verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return "-"
    codes = ", ".join(dict.fromkeys(str(finding["code"]) for finding in verdict["findings"]))
    return f"{verdict['verdict']}{f' ({codes})' if codes else ''}"


def _knob(value: Any) -> Text:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Text(shown="-" if value is None else str(value))
    return Text.number(float(value))


def _checked(preflight: Mapping[str, Any] | None) -> list[Section]:
    """What the checks of the base found before the first trial; nothing where they were left out."""
    if preflight is None:
        return []
    checks = preflight["checks"]
    passed, seconds = sum(check["passed"] for check in checks), sum(check["seconds"] for check in checks)
    words = f"Before the first trial {passed} of {len(checks)} checks of the base passed, in {seconds:.1f} s."
    lines = "\n".join(f"{'pass' if x['passed'] else 'FAIL'}  {x['name']}: {x['number']}" for x in checks)
    found = [Listing(lines=preflight["findings"], alarm=True)] if preflight["findings"] else []
    return [Section(title="Preflight", parts=[Words(text=words), *found, Verbatim(text=lines, summary="Which checks")])]


def _settings(document: Document) -> list[Part]:
    settings = {name: value for name, value in document["settings"].items() if name not in ("base", "space")}
    source = document.get("source", {})
    made = [(words, str(source[name])) for name, words in SOURCES.items() if name in source]
    parts: list[Part] = [Facts(name="Settings", rows=[*flattened(settings).items(), *made])]
    for words, name in (("Space", "space"), ("Base", "base")):
        lines = flattened(document["settings"][name])
        parts.append(Verbatim(text="\n".join(f"{key} = {value}" for key, value in lines.items()), summary=words))
    return parts


def _interval(measure: Mapping[str, float]) -> str:
    return f"{measure['value']:.3f} [{measure['low']:.3f}, {measure['high']:.3f}]"
