from .findings import Finding, Rule, Severity, State
from .run import Plan
from .verdict import TrainingFault, Verdict, judge
from .watch import Watch

__all__ = ["Finding", "Plan", "Rule", "Severity", "State", "TrainingFault", "Verdict", "Watch", "judge"]
