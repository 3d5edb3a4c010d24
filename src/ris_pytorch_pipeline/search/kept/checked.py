"""What did the checks of the base find before the first trial? Kept beside the trials, as texts that a user reads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trainlint import Preflight

from ...files import from_document


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check.

    >>> Check(name="planned rates", passed=True, number="768 updates", seconds=0.1).passed
    True

    Args:
        name: of what was checked.
        passed: whether nothing was found that is worse than a note.
        number: what was measured.
        seconds: that it took.
    """

    name: str
    passed: bool
    number: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A preflight.

    >>> from trainlint import Line, Preflight
    >>> checked = Checked.of(Preflight(lines=(Line(name="environment", passed=True, number="1 CPU thread"),)))
    >>> checked.passed, checked.to_plain()["checks"][0]["number"]
    (1, '1 CPU thread')

    Args:
        checks: in their order.
        findings: a line each, notes among them.
    """

    checks: tuple[Check, ...]
    findings: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Preflight) -> "Checked":
        """What is kept of a preflight.

        Args:
            found: by it.
        """
        checks = [Check(name=x.name, passed=x.passed, number=x.number, seconds=x.seconds) for x in found.lines]
        return cls(checks=tuple(checks), findings=tuple(f.line for x in found.lines for f in x.findings))

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(check.passed for check in self.checks)

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"checks": [asdict(check) for check in self.checks], "findings": list(self.findings)}


def checked_from_plain(values: Mapping[str, Any] | None) -> Checked | None:
    """What `Checked.to_plain` gave, as JSON returns it; None of a search whose base was not checked.

    Args:
        values: from there.

    Raises:
        ValueError: not what was given.
    """
    return None if values is None else from_document(Checked, values, "preflight")
