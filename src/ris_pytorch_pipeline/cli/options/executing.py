"""Who does the work of a command that comes in pieces? This process, or the workers that `--cluster` names."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ...errors import ConfigurationError
from ...tasks import Executor, Here

_LONGEST = 31 * 86400.0
"""Seconds of a limit: a month."""


def add_cluster(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """The option of every command whose work comes in pieces."""
    parser.add_argument(
        "--cluster", metavar="N|ADDRESS|TOML",
        help="do the work on N worker processes here, on a Dask cluster at tcp://HOST:PORT, or on workers that a queue "
        "is asked for as FILE.toml says, all of which see the same files; results are the same for any (this process "
        "alone)",
    )  # fmt: skip
    add_task_limit(parser)


def add_task_limit(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """The option of every command whose work comes in pieces, or in trials."""
    parser.add_argument(
        "--task-limit", type=float, metavar="SECONDS",
        help="end a worker's task, cell or trial that takes longer, which fails alone (none; one that hangs is ended "
        "all the same)",
    )  # fmt: skip


def task_limit_of(arguments: argparse.Namespace, *, here: bool) -> float | None:
    """Seconds that a task may take; None is no limit.

    Args:
        arguments: with `task_limit`.
        here: whether tasks in this very process are watched too; otherwise a limit needs `--cluster`.

    Raises:
        ConfigurationError: no number of seconds, or nobody that it holds for.
    """
    limit = arguments.task_limit
    if limit is not None and not 0 < limit <= _LONGEST:
        raise ConfigurationError(
            f"--task-limit > 0 and <= {_LONGEST:.0f}", str(limit), "a sign, or another unit", "pass it in seconds"
        )
    if limit is not None and not here and arguments.cluster is None:
        raise ConfigurationError(
            "--task-limit with --cluster", "no --cluster", "no workers that could be ended", "add --cluster 2"
        )
    return limit


def say(line: str) -> None:
    """Tell the user of a task that takes long, beside what the command prints.

    Args:
        line: of text.
    """
    print(f"ris: {line}", file=sys.stderr, flush=True)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Options of `ris locate` on a folder."""
    group = parser.add_argument_group("a folder of scene files; the same command again goes on after an interruption")
    group.add_argument("--out", type=Path, metavar="OUT.parquet", help="where the sources of all its scenes go")
    group.add_argument("--force", action="store_true", help="write over an existing file")
    add_cluster(group)


def check_cluster(where: str | None) -> None:
    """Find out before anything is written whether this install can do what `--cluster` asks for.

    Args:
        where: the option's value; None is this process alone.

    Raises:
        ConfigurationError: an extra that is not installed, or no such place for workers.
    """
    if where is not None:
        from ...tasks.cluster import check_where

        check_where(where)


def _silence(line: str) -> None:
    """Drop a line: what a task does is told elsewhere."""


@contextmanager
def executor_of(arguments: argparse.Namespace, *, watched: bool = True) -> Iterator[Executor]:
    """Who does the work, until the block ends; Dask is imported where `--cluster` asks for it alone.

    Args:
        arguments: with `cluster`, `threads`, `extend` and, of some commands, `config`.
        watched: whether a limit and a word are for these tasks, not for something within them.

    Yields:
        The executor.

    Raises:
        ConfigurationError: a limit of seconds that is none, or holds for nobody.
    """
    limit, told = (task_limit_of(arguments, here=False), say) if watched else (None, _silence)
    if arguments.cluster is None:
        yield Here()
        return
    from ...tasks.cluster import connected

    paths, config = tuple(path.absolute() for path in arguments.extend), vars(arguments).get("config")
    ready = partial(prepare, arguments.threads, paths, None if config is None else config.absolute())
    with connected(arguments.cluster, ready, limit, told) as cluster:
        yield cluster


def prepare(threads: int, extend: tuple[Path, ...], config: Path | None = None) -> None:
    """Make a worker ready: as many threads as the command was given, whose number may decide the last bit.

    Args:
        threads: of each worker.
        extend: files that add codebooks and the like.
        config: configuration whose stored codebooks and channels are known by name from then on.
    """
    import torch

    from ...experiment.toml import configuration_from_toml
    from .extending import extend as run_file

    torch.set_num_threads(threads)
    for path in extend:
        run_file(path)
    if config is not None:
        configuration_from_toml(config)
