"""What becomes of what the source suggests, once the run has been measured?"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...before.source.training import SourceFinding
from ...findings import Finding, Rule, Severity, Stage
from ...rules import data
from ...verdict import Verdict, judge
from .frames import Line, is_users

_SEEN_FOR_SURE = {
    **dict.fromkeys(("RT101", "RT102", "RT111", "RT115", "RT116", "RT121"), 8),
    **dict.fromkeys(("RT119", "RT122", "RT135"), 64),
}
"""Codes that a run earns wherever they apply, and in how many updates: their silence refutes the line of the source."""
_PAIRED = {"RT655", "RT662"}
"""Codes of lines that pair inputs with others' labels: a loss no better than a constant answer's proves them."""


@dataclass(frozen=True)
class Joined:
    """A verdict with what the source says of it."""

    verdict: Verdict
    dropped: tuple[SourceFinding, ...] = ()


def programs_files(script: str) -> list[Path]:
    """The script and the modules of the user's own that it imported."""
    found = {Path(script)} if Path(script).is_file() else set()
    for module in tuple(sys.modules.values()):
        place = vars(module).get("__file__") if hasattr(module, "__dict__") else None
        if isinstance(place, str) and place.endswith(".py") and is_users(place) and Path(place).is_file():
            found.add(Path(place))
    return sorted({path.resolve() for path in found})


def joined(verdict: Verdict, suspected: Sequence[SourceFinding]) -> Joined:
    """Confirm, drop or keep each suspicion, and give measured findings the line that explains them."""
    measured = {finding.rule.code for finding in verdict.findings}
    confirmed = [each for each in suspected if measured & {*each.confirmed_by, *each.explains}]
    dropped = tuple(each for each in suspected if each not in confirmed and _refuted(each, verdict))
    alone = [each for each in suspected if each not in confirmed and each not in dropped]
    known = [_with_line(finding, confirmed) for finding in (*verdict.findings, *verdict.suspected)]
    known += [_as_finding(each) for each in alone]
    known += [_as_finding(each, data.STRANGERS) for each in confirmed if each.code in _PAIRED and "RT219" in measured]
    return Joined(judge(known, verdict.counts, verdict.blind, verdict.ran), dropped)


def _refuted(suspicion: SourceFinding, verdict: Verdict) -> bool:
    needed = [_SEEN_FOR_SURE[code] for code in suspicion.confirmed_by if code in _SEEN_FOR_SURE]
    return bool(needed) and verdict.counts.get("updates", 0) >= min(needed)


def _with_line(finding: Finding, confirmed: Sequence[SourceFinding]) -> Finding:
    code = finding.rule.code
    near = [each for each in confirmed if code in each.confirmed_by]
    near = near or [each for each in confirmed if code in each.explains]
    if not near or finding.stage is not Stage.CONFIRMED:
        return finding
    told = f"{finding.evidence}; the source: {near[0].code} {near[0].name}, `{near[0].source.strip()}`"
    grave = min(finding.severity, near[0].severity, key=list(Severity).index) if code in near[0].confirmed_by else None
    where = str(Line(near[0].path, near[0].line))
    return replace(finding, where=where, evidence=told, severity=grave or finding.severity)


def _as_finding(suspicion: SourceFinding, rule: Rule | None = None) -> Finding:
    text = f"{suspicion.evidence}: `{suspicion.source.strip()}`"
    made = (suspicion.rule if rule is None else rule).found(
        text, subject=suspicion.subject, severity=suspicion.severity
    )
    return replace(made, where=str(Line(suspicion.path, suspicion.line)))
