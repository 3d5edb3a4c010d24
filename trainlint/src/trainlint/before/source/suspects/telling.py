"""How does a check make a finding: rule, place, evidence, and what a run would say?"""

import ast

from ....findings import Rule, Severity
from ....rules.source_links import CONFIRMED_BY, EXPLAINS
from ..suspicion import SourceFinding
from ..training import place
from ..walking.events import Event
from ..walking.scopes import SourceFile


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
        explains=EXPLAINS.get(rule.code, ()),
    )


def at(
    rule: Rule, event: Event, evidence: str, *, subject: str = "", severity: Severity | None = None
) -> SourceFinding:
    """A finding at an event."""
    return tell(rule, event.node, event.file, evidence, subject=subject, severity=severity)
