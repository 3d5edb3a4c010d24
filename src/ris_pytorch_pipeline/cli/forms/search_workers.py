"""How are the workers of a search started? Each is a process that joins it by its storage."""

import argparse
import sys
from collections.abc import Sequence

from ...search import run_processes
from ...tasks import Executor
from ..options.storage_url import TOLD


def start_workers(arguments: argparse.Namespace, workers: int, executor: Executor) -> int:
    """Work in processes of their own, here or beside workers of a cluster; one that dies leaves work to the others.

    Args:
        arguments: of the command, which each of them is told.
        workers: how many.
        executor: this process, or workers of a cluster.

    Returns:
        The exit code: 0, or that of a worker that failed.
    """
    words = ["search", str(arguments.folder.absolute()), "--worker"]
    words += ["--name", name_of(arguments), "--threads", str(arguments.threads)]
    words += [] if arguments.storage is None else ["--storage", TOLD]  # a password in it is shown to nobody
    words += ["--json"] if arguments.json else []
    words += [] if arguments.task_limit is None else ["--task-limit", str(arguments.task_limit)]
    words += [] if arguments.calibration is None else ["--calibration", str(arguments.calibration.absolute())]
    words += [word for path in arguments.extend for word in ("--extend", str(path.absolute()))]
    if arguments.cluster is None:
        codes = run_processes(_command(words), workers, arguments.storage or "")
    else:
        told = [(words, arguments.storage or "")] * workers
        codes = [done.value for done in executor.carry_out(_worked_there, told)]
    for number, code in enumerate(codes):
        if code:
            print(f"ris: worker {number} ended with code {code}", file=sys.stderr)
    return min(codes, key=abs)


def name_of(arguments: argparse.Namespace) -> str:
    """The name of a search in its storage: that of its folder, unless another is given."""
    return arguments.folder.resolve().name if arguments.name is None else arguments.name


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "ris_pytorch_pipeline", *words]


def _worked_there(told: tuple[Sequence[str], str]) -> int:
    """The exit code of a process that joins the search beside a worker of a cluster, and ends with it."""
    words, url = told
    return run_processes(_command(words), 1, url)[0]
