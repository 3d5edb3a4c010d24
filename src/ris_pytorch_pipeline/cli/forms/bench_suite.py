"""`ris bench SUITE.toml`: every cell of a suite, each kept as it finishes."""

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...bench import (
    Answers,
    Entering,
    Kept,
    Pending,
    Suite,
    Worked,
    serve,
    suite_from_toml,
    work,
    worked_apart,
    worked_by,
    worked_here,
)
from ...errors import ConfigurationError
from ...experiment import parse_toml_value, to_toml
from ...experiment.stored_arrays import stored_files
from ...experiment.toml import read_toml
from ...files import Lock, cause, make_folder, move, open_regular, parent_watch, reason
from ...physics import ends
from ...tasks.watch import Watch
from ..memory import PROCESS_BYTES, compared_bytes, require
from ..options.executing import check_cluster, executor_of, say, task_limit_of
from ..options.model import checkpoint_at, network_at
from ..showing.output import Bar
from ..showing.suite_shown import print_suite

MOST_JOBS = 1024


def run_suite(arguments: argparse.Namespace) -> int:
    """Run the cells of a suite that are not finished, and print all that are.

    Returns:
        The exit code: 0, or 1 where a contender failed in some cell.

    Raises:
        ConfigurationError: a suite, a folder or an option that does not fit.
        KeyboardInterrupt: Ctrl-C or SIGTERM, once what is finished is printed.
    """
    suite = suite_of_arguments(arguments)
    if arguments.print_config:
        print(to_toml(suite), end="")
        return 0
    cells, entering = suite.cells(), Entering(read=network_at, further=tuple(suite.contenders))
    if arguments.worker is not None:
        check = parent_watch(arguments.worker)
        watch = Watch(arguments.task_limit, say)
        serve(cells, entering, suite.digest, lambda label, done, total: check(), watch)
        return 0
    _check(arguments, cells, entering)
    folder = folder_of(arguments)
    make_folder(folder)
    with Lock(folder):
        kept = Kept(folder, suite, cells)
        kept.begin(resume=arguments.resume)
        failures: dict[str, str] = {}
        try:
            _work(arguments, suite, kept, entering, failures)
        finally:  # a signal or an error: what is finished is kept, and shown
            print_suite(kept, cells, failures, suite.digest, as_json=arguments.json)
    return 1 if failures else 0


def suite_of_arguments(arguments: argparse.Namespace) -> Suite:
    """The suite that a command line names, with the digests of the files it depends on.

    Raises:
        ConfigurationError: an option beside it that only a sweep of options has, or a suite that does not fit.
    """
    given = vars(arguments)
    fields = [f"--{name.removeprefix('scenario.').replace('_', '-')}" for name in given if name.startswith("scenario.")]
    own = [
        f"--{name.replace('_', '-')}" for name in ("methods", "sources", "snr_db", "order", "preset") if name in given
    ]
    own += [f"--{name}" for name in ("config", "figure", "calibration") if given[name] is not None]
    own += ["--untold"] * given["untold"]
    if own or fields:
        raise ConfigurationError(
            "a suite alone, with --out, --resume, --jobs, --quick, --seed, --scenes or --json", (own + fields)[0],
            "a suite says itself what it varies", f"leave {(own + fields)[0]} out, or write it into the suite",
        )  # fmt: skip
    overrides = {name: parse_toml_value(given[name]) for name in ("seed", "scenes") if name in given}
    suite = suite_from_toml(arguments.suite, quick=arguments.quick, overrides=overrides)
    contenders = {
        name: entrant if entrant.model is None else replace(entrant, digest=_digest(checkpoint_at(Path(entrant.model))))
        for name, entrant in suite.contenders.items()
    }
    sweeps = tuple(
        sweep if sweep.behind is None
        else replace(sweep, behind=replace(sweep.behind, digest=_digest(Path(sweep.behind.calibration))))
        for sweep in suite.sweeps
    )  # fmt: skip
    stored = stored_files(read_toml(arguments.suite), arguments.suite.parent)
    extended = {path.name: _digest(path) for path in arguments.extend} | {n: _digest(p) for n, p in stored.items()}
    return replace(suite, contenders=contenders, sweeps=sweeps, extended=extended)


def folder_of(arguments: argparse.Namespace) -> Path:
    """Where the cells are kept."""
    if arguments.out is not None:
        return arguments.out
    return Path("runs") / "bench" / f"{arguments.suite.stem}{'-quick' if arguments.quick else ''}"


def _check(arguments: argparse.Namespace, cells: Sequence[Pending], entering: Entering) -> None:
    """Find out before the work what would end it.

    Raises:
        ConfigurationError: too few or too many processes, a cluster that cannot be asked for, or a contender that
            cannot be made.
        InfeasibleError: scenes that do not fit in the memory.
    """
    if arguments.cluster is not None and arguments.jobs != 1:
        raise ConfigurationError(
            "--jobs or --cluster", f"--jobs {arguments.jobs} --cluster {arguments.cluster}",
            "two answers to who works", "give the number of workers to --cluster alone",
        )  # fmt: skip
    if not 1 <= arguments.jobs <= MOST_JOBS:
        raise ConfigurationError(f"--jobs of 1 to {MOST_JOBS}", str(arguments.jobs), "a slip", "pass as many as cores")
    check_cluster(arguments.cluster)
    task_limit_of(arguments, here=True)
    entering.check(tuple(cells))
    largest = max(cells, key=_bytes)
    own = 0 if arguments.jobs == 1 else PROCESS_BYTES  # one works in this process
    require(
        arguments.jobs * (own + _bytes(largest)),
        f"{arguments.jobs} times {largest.scenes} scenes of {largest.scenario.elements} elements ({largest.label})",
        ("lower --jobs", "lower scenes", "take a smaller panel"),
    )


def _bytes(pending: Pending) -> int:
    scenario = replace(pending.scenario, sources=ends(pending.scenario.sources)[1])
    return compared_bytes(scenario, pending.scenes, 1)


def _work(
    arguments: argparse.Namespace, suite: Suite, kept: Kept, entering: Entering, failures: dict[str, str]
) -> None:  # fmt: skip
    """Run what is missing, and keep each cell as it comes."""
    cells = suite.cells()
    missing = kept.missing(cells)
    done, total = len(cells) - len(missing), len(cells)
    with Bar("benchmark") as bar, closing(_answers(arguments, suite, missing, entering, bar)) as answers:
        for pending, worked in answers:
            done += 1
            if worked.row is None:
                failures[pending.label] = str(worked.failure)
            else:
                kept.add(worked.row)
            bar(done, total, f"{pending.label}: done")


def _answers(
    arguments: argparse.Namespace, suite: Suite, missing: Sequence[Pending], entering: Entering, bar: Bar
) -> Answers:  # fmt: skip
    if arguments.cluster is not None:
        paths = {"suite": arguments.suite.absolute(), "extend": [path.absolute() for path in arguments.extend]}
        there = argparse.Namespace(**{**vars(arguments), **paths})  # which holds in another working directory
        return worked_by(missing, partial(_worked_there, there), partial(executor_of, arguments), suite)
    if arguments.jobs == 1 or len(missing) < 2:
        done, total = len(suite.cells()) - len(missing), len(suite.cells())
        told, watch = (lambda label, scenes, of: bar(done, total, label)), Watch(arguments.task_limit, say)
        return worked_here(missing, entering, suite.digest, told, watch)
    return worked_apart(missing, command_of(arguments), arguments.jobs, suite)


def _worked_there(arguments: argparse.Namespace, number: int) -> Worked:
    """What came of a cell of the suite, on a worker of a cluster."""
    suite = suite_of_arguments(arguments)
    entering = Entering(read=network_at, further=tuple(suite.contenders))
    return work(suite.cells()[number], entering, suite.digest)


def command_of(arguments: argparse.Namespace) -> list[str]:
    """The command of a process that works for this one."""
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "bench", str(arguments.suite)]
    command += ["--worker", str(os.getpid()), "--threads", str(arguments.threads)]
    command += ["--quick"] if arguments.quick else []
    command += [] if arguments.task_limit is None else ["--task-limit", str(arguments.task_limit)]
    command += [word for name in ("seed", "scenes") if name in vars(arguments)
                for word in (f"--{name}", str(vars(arguments)[name]))]  # fmt: skip
    return command + [word for path in arguments.extend for word in ("--extend", str(path))]


def _digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        digest = hashlib.sha256()
        with open_regular(path) as file:
            while chunk := file.read(2**20):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError as error:
        raise ConfigurationError(
            "a file that can be read",
            f"{path}: {reason(error)}",
            cause(error, "a mistyped path"),
            move(error, "check the path"),
        ) from error
