from .checkpoint import Checkpoint, Header, read_checkpoint
from .gate import Attempt, Gate
from .groups import Groups
from .launch import joined, processes_of
from .ledger import Ledger, read_ledger, standing
from .load import Trained, load_network
from .overfitting import Overfit, one_batch, overfit
from .parts import Criterion, Data, Parts
from .processes import Processes
from .progress import Progress
from .reporter import Reporter
from .schedule import average_weight, rate_factor, rates
from .shards import shard_scenes
from .tensorboard import TensorBoard
from .trainer import Trainer
from .update import Motion, Outcome, Update
from .watching import WatchConfig

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
    "Processes",
    "Progress",
    "Reporter",
    "TensorBoard",
    "Trained",
    "Trainer",
    "Update",
    "WatchConfig",
    "average_weight",
    "joined",
    "load_network",
    "one_batch",
    "overfit",
    "processes_of",
    "rate_factor",
    "rates",
    "read_checkpoint",
    "read_ledger",
    "shard_scenes",
    "standing",
]
