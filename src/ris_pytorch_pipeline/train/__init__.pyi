from .files.calibrated import check_hardware, scenes_behind
from .files.checkpoint import Checkpoint, Header, read_checkpoint
from .files.folder import is_of_launch
from .files.ledger import Ledger, read_ledger, standing
from .files.load import Trained, load_network
from .files.release import release_network
from .files.shards import shard_scenes
from .loop.gate import Attempt, Gate
from .loop.groups import Groups
from .loop.progress import Progress
from .loop.schedule import average_weight, rate_factor, rates
from .loop.trainer import Trainer
from .loop.update import Motion, Outcome, Update
from .overfitting import Overfit, one_batch, overfit
from .parts import Criterion, Data, Parts
from .processes.launch import joined, launch_of, processes_of
from .processes.together import Processes
from .watching.reporter import Reporter
from .watching.tensorboard import TensorBoard
from .watching.watched import WatchConfig

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
    "check_hardware",
    "is_of_launch",
    "joined",
    "launch_of",
    "load_network",
    "one_batch",
    "overfit",
    "processes_of",
    "rate_factor",
    "rates",
    "read_checkpoint",
    "read_ledger",
    "release_network",
    "scenes_behind",
    "shard_scenes",
    "standing",
]
