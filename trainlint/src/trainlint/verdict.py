"""What a run amounts to: its state and the findings that say so, most serious first."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from .errors import ExplainedError
from .findings import Finding, Severity, Stage, State, wrapped
from .ledger import indented
from .rules.causes import by_cause, causes_of


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
        findings: confirmed ones, each cause before what it explains; notes do not make a run unhealthy.
        counts: batches, updates, skips and ticks.
        blind: what could not be judged, and why.
        suspected: seen once, and not confirmed by the end.
        ran: names of the checks that judged something.
        passed: what was found and lets pass by settings, comments or a baseline, one sentence each.
    """

    state: State
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    blind: tuple[str, ...] = ()
    suspected: tuple[Finding, ...] = ()
    ran: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """True where something was judged, and no finding is worse than a note."""
        return self.state is State.HEALTHY

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that findings of the state FROZEN name."""
        return tuple(f.subject for f in self.findings if f.rule.state is State.FROZEN and f.subject)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all confirmed findings, causes first, without repeats."""
        return tuple(dict.fromkeys(f.rule.code for f in self.findings))

    def record(self) -> dict[str, object]:
        """The verdict as plain values: `{"verdict", "findings": [{"code", "name", "severity", ...}], ...}`."""
        return {
            "verdict": self.state.name.capitalize().replace("_", " "),
            "findings": [{**f.record(), "because": list(causes_of(f, self.findings))} for f in self.findings],
            "suspected": [f.record() for f in self.suspected],
            "counts": dict(self.counts),
            "blind": list(self.blind),
            "ran": list(self.ran),
            "passed": list(self.passed),
        }

    def keeping(self, wanted: Callable[[Finding], bool], passed: Iterable[str] = ()) -> "Verdict":
        """The verdict on the findings that somebody wants to hear of; the others are let pass, and that is said."""
        kept = tuple(f for f in self.findings if wanted(f))
        suspected = tuple(f for f in self.suspected if wanted(f))
        state = self.state if len(kept) == len(self.findings) else _state(kept, self.state)
        return replace(self, state=state, findings=kept, suspected=suspected, passed=(*self.passed, *passed))

    def json(self) -> str:
        """The verdict as JSON text."""
        return indented(self.record())

    def __str__(self) -> str:
        """The state, what was counted, every finding with its cause first, and what was not judged."""
        counted = ", ".join(f"{value} {name}" for name, value in self.counts.items())
        but = " but for what is let pass" if self.healthy and self.passed else ""
        lines = [wrapped(f"Verdict: {self.state}{but}" + (f" ({counted})" if counted else ""))]
        lines += [self._told(f) for f in self.findings]
        lines += [f.line for f in self.suspected]
        lines += [wrapped(f"let pass: {text}") for text in self.passed]
        lines += [wrapped(f"{len(self.ran)} checks ran: {', '.join(self.ran)}")] if self.ran else []
        lines += [wrapped(f"not judged: {text}") for text in self.blind]
        return "\n".join(lines)

    def _told(self, finding: Finding) -> str:
        because = ", ".join(causes_of(finding, self.findings))
        return f"{finding.line}\n    follows from {because}" if because else str(finding)


def judge(
    findings: Iterable[Finding],
    counts: Mapping[str, int] | None = None,
    blind: tuple[str, ...] = (),
    ran: tuple[str, ...] | None = None,
) -> Verdict:
    """The verdict that the findings add up to: the state of the first cause among the gravest.

    Where every count is 0, or no check judged anything, a run without findings is not judged rather than healthy.

    Args:
        findings: in any order and at any stage.
        counts: what was counted, for the first line.
        blind: what could not be judged.
        ran: names of the checks that judged something; None where nobody kept account.
    """
    known = tuple(findings)
    ranked = by_cause(f for f in known if f.stage is Stage.CONFIRMED)
    suspected = tuple(f for f in known if f.stage is Stage.SUSPECTED)
    counts = {} if counts is None else counts
    unseen = ("everything: nothing was seen",) if counts and not any(counts.values()) else ()
    nothing = State.NOT_JUDGED if unseen or ran == () else State.HEALTHY
    return Verdict(
        state=_state(ranked, nothing),
        findings=ranked,
        counts=counts,
        blind=(*unseen, *(b for b in blind if b not in unseen)),
        suspected=suspected,
        ran=() if ran is None else ran,
    )


def _state(ranked: tuple[Finding, ...], without: State) -> State:
    serious = [f for f in ranked if f.severity is Severity.FATAL]
    serious += [f for f in ranked if f.severity is Severity.WARNING]
    if serious:
        return serious[0].rule.state
    return State.NOT_JUDGED if without is State.NOT_JUDGED else State.HEALTHY


def show(verdict: Verdict, *, as_json: bool = False) -> int:
    """Print a verdict, as text or as JSON.

    Returns:
        An exit status: 0 for a healthy run, 3 where nothing was judged, 1 otherwise.
    """
    sys.stdout.write(f"{verdict.json() if as_json else verdict}\n")
    return 0 if verdict.healthy else 3 if verdict.state is State.NOT_JUDGED else 1
