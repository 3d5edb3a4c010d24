"""What is a suspicion that the source gives rise to, and how does a check make one?"""

import ast
import hashlib
from dataclasses import dataclass, field

from ...findings import Rule, Severity, wrapped
from ...rules.causes import CONFIRMED_BY, LINE_EXPLAINS
from .meaning.values import Function, Tensor, Thing
from .training import place
from .walking.events import Event
from .walking.scopes import SourceFile


@dataclass(frozen=True, kw_only=True)
class SourceFinding:
    """A rule that the source breaks, with the place."""

    rule: Rule
    path: str
    line: int
    column: int
    source: str
    evidence: str
    severity: Severity
    subject: str = ""
    confirmed_by: tuple[str, ...] = field(default=())
    explains: tuple[str, ...] = field(default=())

    @property
    def code(self) -> str:
        """Code of the rule."""
        return self.rule.code

    @property
    def name(self) -> str:
        """Name of the rule."""
        return self.rule.name

    @property
    def fingerprint(self) -> str:
        """A hash of the stripped line, which survives that the line moves."""
        return hashlib.sha256(self.source.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def record(self) -> dict[str, object]:
        """The finding as plain values for JSON."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": str(self.severity),
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "source": self.source,
            "evidence": self.evidence,
            "subject": self.subject,
            "cause": self.rule.cause,
            "next": self.rule.move,
            "link": self.rule.link,
            "confirmed_by": list(self.confirmed_by),
            "explains": list(self.explains),
        }

    def __str__(self) -> str:
        """The place, the rule and the evidence, then the line itself and the next move."""
        note = "" if self.severity is not Severity.NOTE else " (note)"
        return (
            f"{self.path}:{self.line}:{self.column}: {self.code} {self.name}{note}: {self.evidence}\n"
            f"    | {self.source}\n{wrapped(f'    next: {self.rule.move}', 10)}"
        )


def tell(
    rule: Rule, node: ast.AST, file: SourceFile, evidence: str, *, subject: str = "", severity: Severity | None = None
) -> SourceFinding:
    """A finding at a node."""
    where, line, column = place(node, file)
    return SourceFinding(
        rule=rule,
        path=where.path,
        line=line,
        column=column,
        source=where.line(line),
        evidence=evidence,
        severity=rule.severity if severity is None else severity,
        subject=subject,
        confirmed_by=CONFIRMED_BY.get(rule.code, ()),
        explains=LINE_EXPLAINS.get(rule.code, ()),
    )


def at(
    rule: Rule,
    made: Event | Function | Tensor | Thing,
    evidence: str,
    *,
    subject: str = "",
    severity: Severity | None = None,
) -> SourceFinding:  # fmt: skip
    """A finding where something happens or is made."""
    return tell(rule, made.node, made.file, evidence, subject=subject, severity=severity)
