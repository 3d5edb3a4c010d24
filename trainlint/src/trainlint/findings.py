"""What a finding is: a rule with a stable code, and the measured evidence that it applies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How serious a finding is; the values are what the ledger stores."""

    FATAL = "fatal"
    WARNING = "warning"
    NOTE = "note"


class State(StrEnum):
    """What a run can be; the values are the sentences a user reads."""

    HEALTHY = "healthy"
    STALLED = "stalled: it runs and does not learn"
    DIVERGED = "diverged: numbers left the useful range"
    FROZEN = "frozen: part of the model does not learn"
    SUSPICIOUS = "suspicious: it may learn, but not what you think"


@dataclass(frozen=True)
class Rule:
    """One kind of failure, as a linter would list it.

    Args:
        code: stable, such as `RT101`.
        name: kebab-case name.
        severity: what the finding does: a fatal one raises.
        state: what a run with this finding is.
        rows: ids in the catalogue of failures that this rule covers, such as `A2`.
        symptom: what the user sees.
        cause: the cause in one sentence.
        move: the next move.
        page: where it is explained; a package with rules of its own names its own page.
    """

    code: str
    name: str
    severity: Severity
    state: State
    rows: str
    symptom: str
    cause: str
    move: str
    page: str = "docs/rules.md"

    @property
    def link(self) -> str:
        """What explains the rule: a command that needs no network, or the page of a package with rules of its own."""
        return f"trainlint explain {self.code}" if self.page == "docs/rules.md" else f"{self.page}#{self.code.lower()}"

    def found(
        self,
        evidence: str,
        *,
        subject: str = "",
        severity: Severity | None = None,
        update: int | None = None,
        **numbers: float,
    ) -> "Finding":
        """A finding under this rule.

        Args:
            evidence: one clause with the measured numbers in it.
            subject: the module, term, file or group concerned.
            severity: only to lower or raise the rule's own where the evidence is weaker or stronger.
            update: index of the update at which it was measured, from 1.
            **numbers: the same evidence for machines.
        """
        own = self.severity if severity is None else severity
        return Finding(self, evidence, subject, own, update, dict(numbers))


@dataclass(frozen=True)
class Finding:
    """A rule that applies, with the evidence.

    Args:
        rule: what is wrong.
        evidence: one clause with the measured numbers in it.
        subject: the module, term, file or group concerned; empty for the whole run.
        severity: how serious it is here.
        update: when it was measured; None outside a run.
        numbers: the evidence for machines.
        count: how often it was seen.
    """

    rule: Rule
    evidence: str
    subject: str = ""
    severity: Severity = Severity.WARNING
    update: int | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    count: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """Findings with the same key are the same finding, seen again."""
        return self.rule.code, self.subject

    def again(self, other: "Finding") -> "Finding":
        """This finding with a later sighting counted; the more serious severity and its evidence stay."""
        graver = other if _ORDER[other.severity] < _ORDER[self.severity] else self
        count = self.count + other.count
        return Finding(self.rule, graver.evidence, self.subject, graver.severity, graver.update, graver.numbers, count)

    def record(self) -> dict[str, object]:
        """The finding as plain values for JSON."""
        return {
            "code": self.rule.code,
            "name": self.rule.name,
            "severity": str(self.severity),
            "subject": self.subject,
            "evidence": self.evidence,
            "cause": self.rule.cause,
            "next": self.rule.move,
            "link": self.rule.link,
            "update": self.update,
            "count": self.count,
            "numbers": dict(self.numbers),
        }

    def __str__(self) -> str:
        """Four lines: code and evidence, cause, next move, link."""
        about = f" [{self.subject}]" if self.subject else ""
        times = f" (seen {self.count} times)" if self.count > 1 else ""
        return (
            f"{self.rule.code} {self.rule.name} ({self.severity}){about}: {self.evidence}{times}\n"
            f"    cause: {self.rule.cause}\n    next:  {self.rule.move}\n    see:   {self.rule.link}"
        )


_ORDER = {Severity.FATAL: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def by_weight(finding: Finding) -> tuple[int, int]:
    """Sort key: fatal first, then what was seen more often."""
    return _ORDER[finding.severity], -finding.count
