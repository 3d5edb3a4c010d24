from .findings import Finding, Rule, Severity, State
from .postmortem import diagnose_path, diagnose_text
from .run import Plan
from .schedule import Preset
from .verdict import TrainingFault, Verdict, judge
from .watch import Watch

__all__ = [
    "Finding",
    "Plan",
    "Preset",
    "Rule",
    "Severity",
    "State",
    "TrainingFault",
    "Verdict",
    "Watch",
    "diagnose_path",
    "diagnose_text",
    "judge",
]
