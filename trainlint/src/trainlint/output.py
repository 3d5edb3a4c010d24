"""How is a finding printed: as one flat record, for a person, a program, a code review; and which are known already?"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Protocol
from urllib.parse import quote

from .errors import InputError
from .files import read_ordinary, write_whole
from .findings import Finding, Rule, Severity, wrapped
from .ledger import indented


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One finding with its place, as the outputs print it: `source` is its line without the indent.

    `path` is empty where no file is concerned; `line` and `column` count from 1, and are None where they are not known.
    """

    rule: Rule
    severity: Severity
    evidence: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    source: str = ""
    subject: str = ""

    @property
    def code(self) -> str:
        """Code of the rule."""
        return self.rule.code

    @property
    def name(self) -> str:
        """Name of the rule."""
        return self.rule.name

    @property
    def place(self) -> str:
        """`train.py:41:9`, or as much of it as is known."""
        parts = (self.path, self.line, self.column)
        return ":".join(str(p) for p in parts if p not in {"", None})

    @property
    def fingerprint(self) -> str:
        """A hash that survives that the line moves: of the stripped line, or of the subject where there is no line."""
        text = self.source.strip() or self.subject
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def __str__(self) -> str:
        """Place, rule and evidence, then the line itself and the next move."""
        where = f"{self.place}: " if self.place else ""
        kind = "" if self.severity is Severity.WARNING else f" ({self.severity})"
        about = f" [{self.subject}]" if self.subject and self.line is None else ""
        source = f"\n    | {self.source}" * bool(self.source)
        told = f"{where}{self.code} {self.name}{kind}{about}: {self.evidence}{source}"
        return f"{told}\n{wrapped(f'    next: {self.rule.move}', 10)}\n    see:  {self.rule.link}"

    def record(self) -> dict[str, object]:
        """The entry as plain values for JSON."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": str(self.severity),
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "source": self.source,
            "subject": self.subject,
            "evidence": self.evidence,
            "cause": self.rule.cause,
            "next": self.rule.move,
            "link": self.rule.link,
        }


def of_finding(finding: Finding, path: str = "", line: int | None = None, source: str = "") -> Entry:
    """The entry of a measured finding.

    >>> from trainlint import rule
    >>> of_finding(rule("RT102").found("12 backward passes, no update"), "train.py", 41).place
    'train.py:41'
    """
    return Entry(
        rule=finding.rule,
        severity=finding.severity,
        evidence=finding.evidence,
        path=path,
        line=line,
        source=source,
        subject=finding.subject,
    )


_FORMAT = "trainlint baseline 1"


def _key_of(entry: Entry) -> tuple[str, str, str]:
    """Code, file and hash of the stripped line: what stays when lines above come and go."""
    path, here = Path(entry.path), Path.cwd()
    if path.is_absolute() and path.resolve().is_relative_to(here):
        path = path.resolve().relative_to(here)
    return entry.code, path.as_posix(), entry.fingerprint


def write_known(path: Path, entries: Iterable[Entry]) -> int:
    """Write a baseline file."""
    counted = Counter(_key_of(e) for e in entries)
    records = [{"code": c, "file": f, "line_hash": h, "count": n} for (c, f, h), n in sorted(counted.items())]
    write_whole(path, indented({"format": _FORMAT, "known": records}) + "\n")
    return sum(counted.values())


def read_known(path: Path) -> Counter[tuple[str, str, str]]:
    """Read a baseline file.

    Raises:
        InputError: it is missing, no ordinary file, or no baseline.
    """
    content = read_ordinary(path, "a baseline", 1 << 24)
    try:
        read = json.loads(content)
        if read["format"] == _FORMAT:
            rows = read["known"]
            return Counter({(str(r["code"]), str(r["file"]), str(r["line_hash"])): int(r["count"]) for r in rows})
        told = f"the format {read['format']!r}"
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        told = f"{type(error).__name__}: {error}"
    cause = "another program or version wrote it, or it is damaged"
    raise InputError(f"a baseline in {path}", told, cause, f"write it with --write-baseline {path}")


def new_only(entries: Iterable[Entry], known: Counter[tuple[str, str, str]]) -> list[Entry]:
    """The findings that a baseline does not hold; each known one covers as many as were counted."""
    left = Counter(known)
    new: list[Entry] = []
    for entry in entries:
        key = _key_of(entry)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(entry)
    return new


LEVELS = {Severity.FATAL: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
"""Severity, and its word in SARIF."""
_COMMANDS = {**LEVELS, Severity.NOTE: "notice"}


def as_text(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """Lines as a linter prints them: place, code, name and evidence; then the line itself and the next move."""
    told = [*(f"error: {e}" for e in errors), *(f"not judged: {b}" for b in blind)]
    return "\n".join([*(str(e) for e in entries), *map(wrapped, told)])


def as_json(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """One JSON object: `{"findings": [...], "errors": [...], "blind": [...]}`."""
    return indented({"findings": [e.record() for e in entries], "errors": list(errors), "blind": list(blind)})


def as_github(entries: Sequence[Entry], errors: Sequence[str] = (), blind: Sequence[str] = ()) -> str:
    """Workflow commands of GitHub Actions, one a line, which it shows beside the changed lines.

    >>> from trainlint import rule
    >>> from trainlint.output import of_finding
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
        "tool": {"driver": {"name": "trainlint", "version": _own_version(), "rules": [_described(r) for r in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not errors, "toolExecutionNotifications": notices}],
        "results": [_result(e, places[e.code]) for e in entries],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return indented({"$schema": schema, "version": "2.1.0", "runs": [run]})


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


def _own_version() -> str:
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
