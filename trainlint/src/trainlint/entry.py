"""How does a finding look to every output: one flat record, whether it was measured or read in a source?"""

import hashlib
import json
from dataclasses import dataclass

from .findings import Finding, Rule, Severity


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One finding with its place, as the outputs print it.

    Args:
        rule: what is wrong.
        severity: how serious it is here.
        evidence: one clause on what was measured or read.
        path: the file concerned; empty where there is none.
        line: from 1; None where no line is known.
        column: from 1; None where no line is known.
        source: that line without its indent.
        subject: the module, term, group or name concerned.
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

    Args:
        finding: from a verdict.
        path: the log, ledger or script that it is about.
        line: the line of the user's code, where it is known.
        source: that line without its indent.

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
