"""How are findings printed: for a person, for a program, for a code review, for a security dashboard?"""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Protocol
from urllib.parse import quote

from .entry import Entry, to_json
from .findings import Rule, Severity, wrapped

LEVELS = {Severity.FATAL: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
"""Severity, and its word in SARIF."""
_COMMANDS = {Severity.FATAL: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def as_text(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """Lines as a linter prints them: place, code, name and evidence; then the line itself and the next move."""
    told = [*(f"error: {e}" for e in errors), *(f"not judged: {b}" for b in blind)]
    return "\n".join([*(_text(e) for e in entries), *map(wrapped, told)])


def _text(entry: Entry) -> str:
    where = f"{entry.place}: " if entry.place else ""
    kind = "" if entry.severity is Severity.WARNING else f" ({entry.severity})"
    about = f" [{entry.subject}]" if entry.subject and entry.line is None else ""
    lines = [f"{where}{entry.code} {entry.rule.name}{kind}{about}: {entry.evidence}"]
    if entry.source:
        lines.append(f"    | {entry.source}")
    return "\n".join([*lines, wrapped(f"    next: {entry.rule.move}", 10), f"    see:  {entry.rule.link}"])


def as_json(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """One JSON object: `{"findings": [...], "errors": [...], "blind": [...]}`."""
    return to_json({"findings": [e.record() for e in entries], "errors": list(errors), "blind": list(blind)})


def as_github(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """Workflow commands of GitHub Actions, one a line, which it shows beside the changed lines.

    >>> from trainlint import rule
    >>> from trainlint.entry import of_finding
    >>> as_github([of_finding(rule("RT105").found("10 % of the run"), "a.py", 3)])
    '::warning file=a.py,line=3,title=RT105 schedule-unit::10 %25 of the run'
    """
    told = [*(f"::error::{_escaped(e)}" for e in errors), *(f"::notice::not judged: {_escaped(b)}" for b in blind)]
    return "\n".join([*(_command(e) for e in entries), *told])


def _command(entry: Entry) -> str:
    given = {"file": entry.path, "line": entry.line, "col": entry.column, "title": f"{entry.code} {entry.rule.name}"}
    told = ",".join(f"{k}={_property(str(v))}" for k, v in given.items() if v not in {"", None})
    return f"::{_COMMANDS[entry.severity]} {told}::{_escaped(entry.evidence)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """A log in SARIF 2.1.0."""
    rules = list({e.code: e.rule for e in entries}.values())
    places = {rule.code: n for n, rule in enumerate(rules)}
    notices = [{"level": "error", "message": {"text": e}} for e in errors]
    notices += [{"level": "note", "message": {"text": f"not judged: {b}"}} for b in blind]
    run = {
        "tool": {"driver": {"name": "trainlint", "version": own_version(), "rules": [_described(r) for r in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not errors, "toolExecutionNotifications": notices}],
        "results": [_result(e, places[e.code]) for e in entries],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return to_json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _described(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.symptom},
        "fullDescription": {"text": rule.cause},
        "help": {"text": f"{rule.move} More: {rule.link}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _result(entry: Entry, index: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": entry.code,
        "ruleIndex": index,
        "level": LEVELS[entry.severity],
        "message": {"text": f"{entry.evidence}. {entry.rule.move}"},
        "partialFingerprints": {"trainlint/v1": entry.fingerprint},
    }
    if entry.path:
        result["locations"] = [{"physicalLocation": _location(entry)}]
    return result


def _location(entry: Entry) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(entry.path)}}
    if entry.line is not None:
        region: dict[str, object] = {"startLine": entry.line, "startColumn": entry.column or 1}
        if entry.source:
            region["snippet"] = {"text": entry.source}
        place["region"] = region
    return place


def _uri(path: str) -> str:
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())


def own_version() -> str:
    """The version of this distribution; 0 where it is not installed."""
    try:
        return version("trainlint")
    except PackageNotFoundError:
        return "0"


class Output(Protocol):
    """One form of printing findings."""

    def __call__(self, entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
        """The text."""
        ...


OUTPUTS: dict[str, Output] = {"text": as_text, "json": as_json, "github": as_github, "sarif": as_sarif}
"""Every output by its name in `--output`."""
