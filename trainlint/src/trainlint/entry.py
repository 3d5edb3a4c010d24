"""How does a finding look to every output, as one flat record, and which are known already?"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .findings import Finding, Rule, Severity


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
    def place(self) -> str:
        """`train.py:41:9`, or as much of it as is known."""
        parts = (self.path, self.line, self.column)
        return ":".join(str(p) for p in parts if p not in {"", None})

    @property
    def fingerprint(self) -> str:
        """A hash that survives that the line moves: of the stripped line, or of the subject where there is no line."""
        text = self.source.strip() or self.subject
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def record(self) -> dict[str, object]:
        """The entry as plain values for JSON."""
        return {
            "code": self.code,
            "name": self.rule.name,
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


def to_json(record: object) -> str:
    """Indented JSON text; a number that is not finite is refused, for JSON has none."""
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)


_FORMAT = "trainlint baseline 1"


def key_of(entry: Entry) -> tuple[str, str, str]:
    """Code, file and hash of the stripped line: what stays when lines above come and go."""
    path, here = Path(entry.path), Path.cwd()
    if path.is_absolute() and path.resolve().is_relative_to(here):
        path = path.resolve().relative_to(here)
    return entry.code, path.as_posix(), entry.fingerprint


def write_known(path: Path, entries: Iterable[Entry]) -> int:
    """Write a baseline file."""
    counted = Counter(key_of(e) for e in entries)
    records = [{"code": c, "file": f, "line_hash": h, "count": n} for (c, f, h), n in sorted(counted.items())]
    path.write_text(to_json({"format": _FORMAT, "known": records}) + "\n", encoding="utf-8")
    return sum(counted.values())


def read_known(path: Path) -> Counter[tuple[str, str, str]]:
    """Read a baseline file.

    Raises:
        InputError: it is missing, or no baseline.
    """
    move = f"write it with --write-baseline {path}"
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["format"] != _FORMAT:
            raise InputError(
                f"a baseline in {path}", f"the format {read['format']!r}", "another version wrote it", move
            )
        return Counter({(str(r["code"]), str(r["file"]), str(r["line_hash"])): int(r["count"]) for r in read["known"]})
    except OSError as error:
        raise InputError(f"a baseline in {path}", str(error.strerror), "it was never written", move) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"a baseline in {path}", f"something else ({error})", "a damaged or foreign file", move
        ) from error


def new_only(entries: Iterable[Entry], known: Counter[tuple[str, str, str]]) -> list[Entry]:
    """The findings that a baseline does not hold; each known one covers as many as were counted."""
    left = Counter(known)
    new: list[Entry] = []
    for entry in entries:
        key = key_of(entry)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(entry)
    return new
