"""Who asks the probes, keeps what they find, and raises what is fatal and confirmed?"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from ..errors import InputError
from ..findings import Finding, Severity, Stage
from ..ledger import Evidence
from ..rules import rule
from ..verdict import TrainingFault
from .plan import Why
from .probes.probe import EVENTS, Found, Probe

_NO_SIGHT = {"attached", "asked"}
"""Events of the watch itself: being asked is not yet having seen anything."""


@runtime_checkable
class Audience(Protocol):
    """Who wants to hear of findings as they come."""

    def place(self) -> str:
        """Where the program is, such as `train.py:41`; empty where nobody knows."""
        ...

    def hear(self, finding: Finding) -> None:
        """A finding is new, graver or surer than before, or withdrawn."""
        ...


class Jury:
    """The probes and what they have found so far; the boundary behind which a probe may fail without harm.

    Causes stand before their symptoms among the probes: the first fatal finding is the one that raises.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        tolerate: Mapping[str, int],
        raises: bool,
        ledger: Evidence | None,
        audience: Audience | None = None,
    ) -> None:
        _check(probes)
        self.tolerate = {rule(code).code: most for code, most in tolerate.items()}
        self.probes, self.raises, self.ledger = probes, raises, ledger
        self.audience = audience
        self.findings: dict[tuple[str, str], Finding] = {}
        self.failed: dict[str, str] = {}
        self.alarmed, self.raised = False, 0
        self._told: set[str] = set()
        # Only the probes that answer an event are called for it: most updates must cost next to nothing.
        self._answers = {event: [each for each in probes if _answers(each, event)] for event in EVENTS}
        self._asked: dict[tuple[str, Why], list[tuple[str, Callable[..., Found]]]] = {}

    @property
    def ran(self) -> tuple[str, ...]:
        """Names of the probes that were told of something and did not fail."""
        return tuple(p.name for p in self.probes if p.name in self._told and f"probe {p.name}" not in self.failed)

    @property
    def idle(self) -> tuple[str, ...]:
        """Names of the probes that nothing came up for."""
        return tuple(p.name for p in self.probes if p.name not in self._told and f"probe {p.name}" not in self.failed)

    def ask(self, event: str, *facts: object, why: Why = Why.ALWAYS) -> None:
        """Tell all probes that something happened, and take what they find; one that fails is switched off.

        Raises:
            TrainingFault: a fatal finding was confirmed.
        """
        for name, answer in self.listeners(event, why):
            try:
                for finding in answer(*facts):
                    self.take(finding)
            except TrainingFault:
                raise
            except Exception as error:  # whatever a probe does wrong must not reach the loop
                self._switch_off(name, event, error)

    def listeners(self, event: str, why: Why = Why.ALWAYS) -> list[tuple[str, Callable[..., Found]]]:
        """Who answers an event, by name; nobody needs to gather the facts of one that nobody answers."""
        known = self._asked.get((event, why))
        if known is None:
            wants = {"loss": "losses", "updated": "updates"}.get(event)
            asked = [each for each in self._answers[event] if wants is None or getattr(each, wants) & why]
            known = [(each.name, getattr(each, event)) for each in asked if f"probe {each.name}" not in self.failed]
            self._asked[event, why] = known
            self._told |= {each.name for each in asked if event not in _NO_SIGHT}
        return known

    def blind(self, text: Callable[[Probe], Sequence[str]]) -> tuple[str, ...]:
        """What the probes could not judge, and those that failed."""
        told: list[str] = []
        for probe in self.probes:
            try:
                told += [] if f"probe {probe.name}" in self.failed else text(probe)
            except Exception as error:  # as in `ask`
                self._switch_off(probe.name, "blind", error)
        return (*told, *(f"{name} failed: {why}" for name, why in self.failed.items()))

    def _switch_off(self, name: str, event: str, error: Exception) -> None:
        self.failed[f"probe {name}"] = f"{type(error).__name__}: {error}".splitlines()[0]
        self._asked.clear()
        self.record("probe", probe=name, asked=event, traceback="".join(traceback.format_exception(error)))

    def record(self, event: str, /, **values: object) -> None:
        """Write a record; a ledger that fails is let go, and the verdict says so."""
        try:
            if self.ledger is not None:
                self.ledger.write(event, **values)
        except Exception as error:  # a full disk must not end a training
            self._lose_ledger(error)

    def _sync(self) -> None:
        try:
            if self.ledger is not None:
                self.ledger.sync()
        except Exception as error:  # as in `record`
            self._lose_ledger(error)

    def _lose_ledger(self, error: Exception) -> None:
        self.failed["ledger"] = f"{type(error).__name__}: {error}"
        self.ledger = None

    def _tell(self, finding: Finding) -> None:
        self.record("finding", **finding.record())
        if self.audience is not None:
            self.audience.hear(finding)

    def take(self, finding: Finding) -> None:
        """Keep a finding, write it down, and raise a fatal one that is confirmed and not tolerated.

        What is seen again is written at 2, 4, 8 … sightings: a run that is killed leaves about how often.

        Raises:
            TrainingFault: it is fatal and confirmed.
        """
        known = self.findings.get(finding.key)
        if finding.stage is Stage.WITHDRAWN:
            if self.findings.pop(finding.key, None) is not None:
                self._tell(finding)
            return
        if self.audience is not None and not finding.where:
            finding = replace(finding, where=self.audience.place())
        now = self.findings[finding.key] = finding if known is None else known.again(finding)
        confirmed = now.stage is Stage.CONFIRMED
        most = self.tolerate.get(finding.rule.code, 0)
        raised = self.raises and confirmed and now.severity is Severity.FATAL and 0 <= most < now.count
        graver = known is None or (known.severity, known.stage) != (now.severity, now.stage)
        if graver:
            self._tell(now)
        elif raised or now.count & (now.count - 1) == 0:
            self.record("finding", **now.record())
        self.alarmed |= known is None and finding.severity is not Severity.NOTE
        if raised:
            self._sync()
            self.raised += 1
            raise TrainingFault(now)


def _answers(probe: Probe, event: str) -> bool:
    return getattr(type(probe), event) is not getattr(Probe, event)


def _check(probes: Sequence[Probe]) -> None:
    for probe in probes:
        for name, held in (("losses", probe.losses), ("updates", probe.updates)):
            if not isinstance(held, Why):
                raise InputError(
                    f"{name} of the probe {probe.name} as a Why",
                    repr(held)[:60],
                    "an attribute of its own with the name by which a probe says of what it is told",
                    "give the attribute another name",
                )
