"""What a run amounts to: its state and the findings that say so, most serious first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import ExplainedError
from .findings import Finding, Severity, State, by_weight
from .ledger import to_json


class TrainingFault(ExplainedError, RuntimeError):
    """A fatal finding: training went on without learning, or was about to.

    Args:
        finding: what was measured.
    """

    def __init__(self, finding: Finding) -> None:
        rule = finding.rule
        about = f" in {finding.subject}" if finding.subject else ""
        wanted = "a training that learns"
        super().__init__(
            wanted,
            f"{rule.code} {rule.name}{about}: {finding.evidence}",
            *(t.rstrip(".") for t in (rule.cause, rule.move)),
        )
        self.finding = finding

    def __reduce__(self) -> tuple[type["TrainingFault"], tuple[Finding]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Pickle by the finding, so that the fault survives a worker process."""
        return type(self), (self.finding,)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The state of a run, the findings behind it, and what was counted.

    Args:
        state: healthy, or what it is instead.
        findings: most serious first; notes do not make a run unhealthy.
        counts: batches, updates, skips and ticks.
        blind: what could not be judged because nobody handed it over.
    """

    state: State
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    blind: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """True where no finding is worse than a note."""
        return self.state is State.HEALTHY

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that findings of the state FROZEN name."""
        return tuple(f.subject for f in self.findings if f.rule.state is State.FROZEN and f.subject)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all findings, most serious first, without repeats."""
        return tuple(dict.fromkeys(f.rule.code for f in self.findings))

    def record(self) -> dict[str, object]:
        """The verdict as plain values: `{"verdict", "findings": [{"code", "name", "severity", ...}]}`."""
        return {
            "verdict": self.state.name.capitalize(),
            "findings": [f.record() for f in self.findings],
            "counts": dict(self.counts),
            "blind": list(self.blind),
        }

    def json(self) -> str:
        """The verdict as JSON text."""
        return to_json(self.record(), indent=2, ascii_only=False)

    def __str__(self) -> str:
        """The state, what was counted, and every finding."""
        counted = ", ".join(f"{value} {name}" for name, value in self.counts.items())
        lines = [f"Verdict: {self.state}" + (f" ({counted})" if counted else "")]
        lines += [str(f) for f in self.findings]
        lines += [f"not judged: {text}" for text in self.blind]
        return "\n".join(lines)


def judge(findings: Iterable[Finding], counts: Mapping[str, int] | None = None, blind: tuple[str, ...] = ()) -> Verdict:
    """The verdict that the findings add up to: the state of the most serious one.

    Where every count is 0 there is nothing to be healthy.

    Args:
        findings: in any order.
        counts: what was counted, for the first line.
        blind: what could not be judged.
    """
    ranked = tuple(sorted(findings, key=by_weight))
    serious = [f for f in ranked if f.severity is not Severity.NOTE]
    counts = {} if counts is None else counts
    nothing = bool(counts) and not any(counts.values())
    unseen = ("everything: nothing was seen",) if nothing else ()
    state = serious[0].rule.state if serious else State.SUSPICIOUS if nothing else State.HEALTHY
    return Verdict(state=state, findings=ranked, counts=counts, blind=(*unseen, *(b for b in blind if b not in unseen)))
