"""Who asks the probes, keeps what they find, and raises what is fatal?"""

from collections.abc import Mapping, Sequence

from ..findings import Finding, Severity
from ..ledger import Evidence
from ..rules import rule
from ..verdict import TrainingFault
from .probes.probe import EVENTS, Probe


class Jury:
    """The probes and what they have found so far.

    Args:
        probes: the questions; causes before their symptoms, since the first fatal finding is the one that raises.
        tolerate: how often a fatal code may be seen without raising; -1 is always.
        raises: False never raises.
        ledger: where new findings are written down, before anything is raised.
    """

    def __init__(
        self, probes: Sequence[Probe], tolerate: Mapping[str, int], raises: bool, ledger: Evidence | None
    ) -> None:
        self.tolerate = {rule(code).code: most for code, most in tolerate.items()}
        self.raises, self.ledger = raises, ledger
        self.findings: dict[tuple[str, str], Finding] = {}
        self.alarmed = False
        # Only the probes that answer an event are called for it: most updates must cost next to nothing.
        self._asked = {
            event: [getattr(each, event) for each in probes if getattr(type(each), event) is not getattr(Probe, event)]
            for event in EVENTS
        }

    def ask(self, event: str, *facts: object) -> None:
        """Tell all probes that something happened, and take what they find.

        Args:
            event: name of a method of `Probe`.
            *facts: its arguments.
        """
        for answer in self._asked[event]:
            for finding in answer(*facts):
                self.take(finding)

    def take(self, finding: Finding) -> None:
        """Keep a finding, write it down, and raise a fatal one that is not tolerated.

        What is seen again is written at 2, 4, 8 … sightings: a run that is killed leaves about how often.

        Args:
            finding: what was found.

        Raises:
            TrainingFault: it is fatal.
        """
        known = self.findings.get(finding.key)
        now = self.findings[finding.key] = finding if known is None else known.again(finding)
        most = self.tolerate.get(finding.rule.code, 0)
        raised = self.raises and now.severity is Severity.FATAL and 0 <= most < now.count
        graver = known is None or known.severity is not now.severity
        if self.ledger is not None and (graver or raised or now.count & (now.count - 1) == 0):
            self.ledger.write("finding", **now.record())
        self.alarmed |= known is None and finding.severity is not Severity.NOTE
        if raised:
            if self.ledger is not None:
                self.ledger.sync()
            raise TrainingFault(now)
