"""`ris train`: train the hybrid network on simulated scenes."""

import argparse
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from trainlint.errors import InfeasibleError as TooLittle

from trainlint import Preflight, TrainingFault, limit_memory, show_preflight

from ...data import open_shards
from ...errors import ConfigurationError, InfeasibleError
from ...experiment import TrainingExperiment
from ...files import stopping
from ...foreign import foreign_errors
from ...train import (
    Parts,
    Reporter,
    TensorBoard,
    Trainer,
    WatchConfig,
    is_of_launch,
    joined,
    launch_of,
    processes_of,
    read_checkpoint,
    shard_scenes,
)
from ...train.files.folder import RunFiles
from ..options.own_panel import parts_behind
from ..options.scenes.held_out import verify
from ..options.training_experiment import training_of
from ..showing.output import Bar
from ..training_memory import require_batch, require_update, said_of_limit

MOST_MEGABYTES = 10**9
"""More than any machine has."""


def run(arguments: argparse.Namespace) -> int:
    """Check, train into the folder, and print what was counted and what the watch says of it.

    Returns:
        The exit code: 0, or 1 where a check failed (nothing was written) or the run was stopped by what it measured.
    """
    experiment, watch = training_of(arguments), watch_of(arguments)
    require_batch(experiment)
    limit = limited(arguments.memory_limit, experiment.device)
    listeners = [] if arguments.tensorboard is None else [TensorBoard(arguments.tensorboard)]
    resume = arguments.resume or is_of_launch(arguments.out, launch_of(os.environ))
    resumed = arguments.out if resume else None
    parts = parts_of(arguments, experiment, resumed)
    reporter = Reporter(quiet=arguments.quiet, log_every=arguments.log_every)
    checked = arguments.preflight and not resume and processes_of(os.environ, experiment.device).first
    if checked:
        RunFiles(arguments.out).check_new()
    if checked and not sound(Trainer(experiment, parts=parts), quiet=arguments.quiet):  # alone, before others join
        return stop("a check failed and nothing was written; --no-preflight trains all the same")
    with joined(os.environ, experiment.device) as processes, Bar("training") as bar, stopping() as stop_asked:
        reporter.progress = bar
        trainer = Trainer(
            experiment,
            directory=arguments.out,
            reporter=reporter,
            parts=parts,
            processes=processes,
            listeners=listeners,
            watch=watch,
            stop=stop_asked,
        )
        _foresee(trainer, arguments, checked=checked, resume=resume)
        try:
            with foreign_errors(), limit:
                progress = trainer.fit(resume=resume)
        except (TrainingFault, InfeasibleError, TooLittle) as error:
            return stop(str(error))
    if not processes.first:
        return 0
    if arguments.quiet and trainer.verdict is not None:
        Reporter().verdict(trainer.verdict)
    print(f"{progress.updates} updates in {progress.epoch} epochs; checkpoints and ledger in {arguments.out}")
    return 0


def parts_of(arguments: argparse.Namespace, experiment: TrainingExperiment, resumed: Path | None) -> Parts:
    """Where the scenes come from: shards, one's own panel, or a nominal one.

    Args:
        arguments: of the command.
        experiment: what is trained.
        resumed: folder of the run that goes on, with the scenes that it began with.

    Raises:
        ConfigurationError: shards behind one more calibration, or another one than the run began with.
        InputError: no calibration in that file, or one of other hardware or codes.
    """
    if arguments.shards is not None:
        if arguments.calibration is not None:
            raise ConfigurationError(
                "--calibration or --shards", "both", "shards are drawn already, behind the hardware that they name",
                "simulate shards with --calibration, and train from them with --shards alone",
            )  # fmt: skip
        parts = Parts(data=shard_scenes(arguments.shards, resumed))
        verify(open_shards(arguments.shards), ("train", "validation"))
        return parts
    return parts_behind(arguments, experiment, resumed)


def _foresee(trainer: Trainer, arguments: argparse.Namespace, *, checked: bool, resume: bool) -> None:
    """Refuse a batch whose update does not fit, where no check has; one that a limit makes too large is told of.

    Raises:
        InfeasibleError: it does not fit.
    """
    if arguments.memory_limit is not None:
        told = said_of_limit(trainer, arguments.memory_limit * 1_000_000)
        for line in [told] if told else []:
            trainer.reporter.say(line)
    elif not checked:
        require_update(trainer, checked=False, pieces=_pieces_of(arguments.out) if resume else 1)


def _pieces_of(folder: Path) -> int:
    """In how many pieces the run in a folder computes a batch; 1 where it has no checkpoint yet."""
    newest = RunFiles(folder, writes=False).newest()
    return 1 if newest is None else read_checkpoint(newest).progress.pieces


def watch_of(arguments: argparse.Namespace) -> WatchConfig:
    """How the command line wants the run to be watched.

    Raises:
        ConfigurationError: a tolerance that is not CODE=N.
        InputError: an unknown preset or code, or a number below -1.
    """
    tolerate = {}
    for text in arguments.tolerate:
        code, _, count = text.partition("=")
        if not count.removeprefix("-").isdecimal():
            raise ConfigurationError(
                "--tolerate CODE=N", repr(text), "a number left out", "write --tolerate RT101=3, or -1 for always"
            )
        tolerate[code] = int(count)
    return WatchConfig(preset=arguments.watch, tolerate=tolerate)


def limited(megabytes: int | None, device: str) -> AbstractContextManager[None]:
    """A block in which the process may take so much more memory; beyond it, a clear error and no kill.

    Args:
        megabytes: more than it has; None sets no limit.
        device: of the training.

    Raises:
        ConfigurationError: less than 1 MB, or a device that is not the CPU.
    """
    if megabytes is None:
        return nullcontext()
    if not 1 <= megabytes <= MOST_MEGABYTES or device != "cpu":
        raise ConfigurationError(
            f"--memory-limit of 1 to {MOST_MEGABYTES} MB, on a CPU", f"{megabytes} MB on {device}",
            "a GPU reserves address space without using it" if device != "cpu" else "a slip",
            "rely on the estimate of `ris doctor`" if device != "cpu" else "give what the run may add in MB",
        )  # fmt: skip
    return limit_memory(megabytes * 1_000_000)


def sound(trainer: Trainer, *, quiet: bool) -> bool:
    """Whether every check passed; they are shown where one did not, or unless quiet.

    Raises:
        InfeasibleError: a batch whose update does not fit in the memory.
    """
    require_update(trainer, checked=True)
    found = Preflight(lines=trainer.preflight())
    if not (quiet and found.passed):
        show_preflight(found)
    return found.passed


def check_alone(command: str) -> None:
    """Refuse a launch of several processes: each would train on its own, into the same place.

    Args:
        command: that was started so.

    Raises:
        ConfigurationError: the variables of a launcher of more than one process.
    """
    world = processes_of(os.environ, "cpu").world
    if world > 1:
        raise ConfigurationError(
            f"one process for `ris {command}`", str(world), "torchrun, under which only `ris train` shares work",
            "start it without torchrun, or unset RANK and WORLD_SIZE",
        )  # fmt: skip


def stop(message: str) -> int:
    """Say why a training was not started or not finished, and return the exit code of one that is not healthy."""
    print(f"ris: {message}", file=sys.stderr)
    return 1
