"""Who does the work of a command that comes in pieces? This process, or the workers that `--cluster` names."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ...tasks import Executor, Here


def add_cluster(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """The option of every command whose work comes in pieces."""
    parser.add_argument(
        "--cluster", metavar="N|ADDRESS|TOML",
        help="do the work on N worker processes here, on a Dask cluster at tcp://HOST:PORT, or on workers that a queue "
        "is asked for as FILE.toml says, all of which see the same files; results are the same for any (this process "
        "alone)",
    )  # fmt: skip


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


@contextmanager
def executor_of(arguments: argparse.Namespace) -> Iterator[Executor]:
    """Who does the work, until the block ends; Dask is imported where `--cluster` asks for it alone.

    Args:
        arguments: with `cluster`, `threads`, `extend` and, of some commands, `config`.

    Yields:
        The executor.
    """
    if arguments.cluster is None:
        yield Here()
        return
    from ...tasks.cluster import connected

    paths, config = tuple(path.absolute() for path in arguments.extend), vars(arguments).get("config")
    ready = partial(prepare, arguments.threads, paths, None if config is None else config.absolute())
    with connected(arguments.cluster, ready) as cluster:
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
