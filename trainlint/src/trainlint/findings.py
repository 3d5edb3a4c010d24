"""What a finding is: a rule with a stable code, and the measured evidence that it applies."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


def wrapped(text: str, indent: int = 4) -> str:
    """Lines of at most 80 columns, but for a word that is longer."""
    return textwrap.fill(text, 80, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


class Severity(StrEnum):
    """How serious a finding is; the values are what the ledger stores."""

    FATAL = "fatal"
    WARNING = "warning"
    NOTE = "note"


class Stage(StrEnum):
    """How far a finding has come in its life; the values are what the ledger stores."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"

    @classmethod
    def of(cls, sure: object) -> "Stage":
        """The stage of what is seen: confirmed where it is sure."""
        return cls.CONFIRMED if sure else cls.SUSPECTED


class State(StrEnum):
    """What a run can be; the values are the sentences a user reads."""

    HEALTHY = "healthy"
    NOT_JUDGED = "not judged"
    STALLED = "stalled: it runs and does not learn"
    DIVERGED = "diverged: numbers left the useful range"
    FROZEN = "frozen: part of the model does not learn"
    SUSPICIOUS = "suspicious: it may learn, but not what you think"
    STOPPED = "stopped: an error ended it, and it was judged until then"


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
        stage: Stage = Stage.CONFIRMED,
        **numbers: float,
    ) -> "Finding":
        """A finding under this rule, with the fields of `Finding`.

        `severity` is given only where the evidence is weaker or stronger than the rule's own; one that is suspected
        counts once another observation confirms it.
        """
        return Finding(self, evidence, subject, severity or self.severity, update, dict(numbers), stage=stage)

    def withdrawn(self, why: str, *, subject: str = "", update: int | None = None) -> "Finding":
        """The word that an earlier finding of this rule no longer holds, and why, in one clause.

        It leaves the verdict and stays in the ledger.
        """
        return Finding(self, why, subject, self.severity, update, stage=Stage.WITHDRAWN)


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
        stage: only a confirmed finding decides what a run is.
        where: the line of the user's code that was running, such as `train.py:41`, where it is known.
    """

    rule: Rule
    evidence: str
    subject: str = ""
    severity: Severity = Severity.WARNING
    update: int | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    count: int = 1
    stage: Stage = Stage.CONFIRMED
    where: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Findings with the same key are the same finding, seen again."""
        return self.rule.code, self.subject

    def again(self, other: "Finding") -> "Finding":
        """This finding with a later sighting counted; the surer, then the more serious one's evidence stays."""
        kept = (
            other if (_SURE[other.stage], _ORDER[other.severity]) < (_SURE[self.stage], _ORDER[self.severity]) else self
        )
        return replace(kept, count=self.count + other.count)

    def record(self) -> dict[str, object]:
        """The finding as plain values for JSON."""
        return {
            "code": self.rule.code,
            "name": self.rule.name,
            "severity": str(self.severity),
            "state": self.rule.state.name,
            "stage": str(self.stage),
            "subject": self.subject,
            "where": self.where,
            "evidence": self.evidence,
            "cause": self.rule.cause,
            "next": self.rule.move,
            "link": self.rule.link,
            "update": self.update,
            "count": self.count,
            "numbers": dict(self.numbers),
        }

    def __str__(self) -> str:
        """Code and evidence, cause, next move, link, each on a line of its own."""
        told = (f"    cause: {self.rule.cause}", f"    next:  {self.rule.move}", f"    see:   {self.rule.link}")
        return "\n".join((self.line, *(wrapped(line, 11) for line in told)))

    @property
    def line(self) -> str:
        """The first line alone, as a linter prints it: place, code, name, severity, subject and evidence."""
        place = f"{self.where}: " if self.where else ""
        about = f" [{self.subject}]" if self.subject else ""
        times = f" (seen {self.count} times)" if self.count > 1 else ""
        kind = self.severity if self.stage is Stage.CONFIRMED else self.stage
        return f"{place}{self.rule.code} {self.rule.name} ({kind}){about}: {self.evidence}{times}"


_ORDER = {Severity.FATAL: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_SURE = {Stage.CONFIRMED: 0, Stage.SUSPECTED: 1, Stage.WITHDRAWN: 2}


def by_weight(finding: Finding) -> tuple[int, int]:
    """Sort key: fatal first, then what was seen more often."""
    return _ORDER[finding.severity], -finding.count
