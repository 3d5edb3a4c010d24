"""How are workers asked of SLURM, PBS or another queue? By dask-jobqueue, as a TOML file says."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ConfigurationError
from ..files import cause, from_document, parse_toml, read_regular, reason

_KINDS = {
    "slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster", "oar": "OARCluster",
    "moab": "MoabCluster", "htcondor": "HTCondorCluster",
}  # fmt: skip
"""Classes of dask-jobqueue."""
_MOST_BYTES, _HOUR = 2**20, 3600
_MOST_WORKERS, _LONGEST = 10_000, 31 * 24 * _HOUR


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Workers that a queue is asked for.

    Args:
        kind: of the queue: slurm, pbs, lsf, sge, oar, moab or htcondor.
        workers: how many.
        patience_s: seconds in which the first one must have started.
        options: of the class of dask-jobqueue, such as cores, memory, walltime, queue and account.
    """

    kind: str
    workers: int
    patience_s: float
    options: Mapping[str, Any]


def queue_of(path: Path) -> Queue:
    """Read what a queue is asked for.

    Args:
        path: of a TOML file with `kind`, `workers`, perhaps `patience_s`, and a table `[options]`.

    Raises:
        ConfigurationError: no such file, another key, an unknown kind, or a number of workers or seconds that no
            queue is asked for.
    """
    try:
        queue = from_document(Queue, {"patience_s": _HOUR, "options": {}} | parse_toml(read_regular(path, _MOST_BYTES)))
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)[:200]
        raise ConfigurationError(
            "a TOML file that says which queue starts the workers", f"{path}: {why}",
            cause(error, "a mistyped path or key"),
            'write kind = "slurm", workers = 8 and below [options] cores = 1, memory = "4GB"',
        ) from error  # fmt: skip
    if queue.kind not in _KINDS or not 1 <= queue.workers <= _MOST_WORKERS:
        raise ConfigurationError(
            f"kind out of {', '.join(_KINDS)}, and workers >= 1 and <= {_MOST_WORKERS}",
            f"{path}: {queue.kind[:40]}, {queue.workers}", "a misspelt name, or a count left at zero", "mend that line",
        )  # fmt: skip
    if not 0 < queue.patience_s <= _LONGEST:
        raise ConfigurationError(
            f"patience_s > 0 and <= {_LONGEST}, a month", f"{path}: {queue.patience_s}", "a number in another unit",
            "write the seconds in which the first worker must have started",
        )  # fmt: skip
    return queue


def dask_jobqueue() -> ModuleType:
    """The package that asks queues for workers.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        return import_module("dask_jobqueue")
    except ImportError as missing:
        raise ConfigurationError(
            "the package dask-jobqueue, which asks queues for workers", str(missing), "an install without the extra",
            "pip install 'ris-pytorch-pipeline[queue]'",
        ) from missing  # fmt: skip


def asked(queue: Queue) -> Any:  # noqa: ANN401
    """The cluster of a queue, which has been asked for its workers; a context manager that gives them back.

    Args:
        queue: of them.

    Raises:
        ConfigurationError: dask-jobqueue is not installed, or refuses the options.
    """
    kinds = dask_jobqueue()
    try:
        with ExitStack() as closing:
            cluster = vars(kinds)[_KINDS[queue.kind]](**queue.options)
            closing.callback(cluster.close)
            cluster.scale(queue.workers)
            closing.pop_all()
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise ConfigurationError(
            f"options of {_KINDS[queue.kind]}", str(error)[:300], "a misspelt or missing option, or no such queue here",
            "see the documentation of dask-jobqueue",
        ) from error  # fmt: skip
    return cluster
