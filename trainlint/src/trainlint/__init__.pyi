from . import rules
from .after.postmortem import diagnose, diagnose_path, diagnose_text
from .before.contracts import fields_alive, free_bytes, label_ranges, limit_memory, overlap
from .before.lossproof import Term, accumulation, gradient_path, oracle_triple, term_life, term_signs, two_paths
from .before.preflight import Preflight, preflight, show_preflight
from .before.source.checking import check_source
from .before.source.training import SourceFinding
from .before.trial import Line, timed
from .during.plan import Plan, Preset, Why
from .during.probes.moving.motion import Replicas
from .during.probes.probe import Found, Loss, Probe
from .during.probes.standard import standard_probes
from .during.run import Epoch, Lane, Run, Step
from .during.watch import Watch
from .during.weights.names import sample
from .errors import ExplainedError, InfeasibleError, InputError
from .findings import Finding, Rule, Severity, Stage, State
from .ledger import Ledger, read
from .rules import RULES, rule
from .verdict import TrainingFault, Verdict, judge, show

__all__ = [
    "RULES",
    "Epoch",
    "ExplainedError",
    "Finding",
    "Found",
    "InfeasibleError",
    "InputError",
    "Lane",
    "Ledger",
    "Line",
    "Loss",
    "Plan",
    "Preflight",
    "Preset",
    "Probe",
    "Replicas",
    "Rule",
    "Run",
    "Severity",
    "SourceFinding",
    "Stage",
    "State",
    "Step",
    "Term",
    "TrainingFault",
    "Verdict",
    "Watch",
    "Why",
    "accumulation",
    "check_source",
    "diagnose",
    "diagnose_path",
    "diagnose_text",
    "fields_alive",
    "free_bytes",
    "gradient_path",
    "judge",
    "label_ranges",
    "limit_memory",
    "oracle_triple",
    "overlap",
    "preflight",
    "read",
    "rule",
    "rules",
    "sample",
    "show",
    "show_preflight",
    "standard_probes",
    "term_life",
    "term_signs",
    "timed",
    "two_paths",
]
