from .checkpoint import Checkpoint, Header, read_checkpoint
from .gate import Attempt, Gate
from .groups import Groups
from .ledger import Ledger, read_ledger
from .load import Trained, load_network
from .overfitting import Overfit, one_batch, overfit
from .parts import Criterion, Data, Parts
from .progress import Progress
from .reporter import Reporter
from .schedule import average_weight, rate_factor, rates
from .trainer import Trainer
from .update import Motion, Outcome, Update

__all__ = [
    "Attempt",
    "Checkpoint",
    "Criterion",
    "Data",
    "Gate",
    "Groups",
    "Header",
    "Ledger",
    "Motion",
    "Outcome",
    "Overfit",
    "Parts",
    "Progress",
    "Reporter",
    "Trained",
    "Trainer",
    "Update",
    "average_weight",
    "load_network",
    "one_batch",
    "overfit",
    "rate_factor",
    "rates",
    "read_checkpoint",
    "read_ledger",
]
