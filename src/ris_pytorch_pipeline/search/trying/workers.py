"""How do several processes share a search? Each joins it by its storage; one that dies is replaced by the others."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import InputError
from ...tasks.watch import Watch
from ..extra import optuna
from ..kept.lease import Watchman, Worker
from ..kept.outcome import Judged, Objective, Report, Task
from ..kept.studies import Studies
from .stages import Crew

_PATIENCE = 20.0
"""Seconds that a worker has to give its trial back before it is killed."""


def work(
    studies: Studies,
    objective: Objective,
    folder: Path,
    say: Callable[[str], object],
    check: Callable[[], None] = lambda: None,
) -> None:
    """Be one worker of a search until both stages are finished.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.search import Judged, Settings, new_studies, open_storage
    >>> studies = new_studies(open_storage(Path("worked")), "widths", Settings(trials=2, epochs=1, best=0))
    >>> work(studies, lambda task, report: Judged(value=1.0, epoch=1), Path("worked"), say=lambda line: None)
    >>> [trial.state.name for trial in studies.short.trials]
    ['COMPLETE', 'COMPLETE']

    Args:
        studies: of the search.
        objective: that judges a recipe; lower is better.
        folder: of the search, where workers hold their files and trials write theirs.
        say: takes each line for the user.
        check: called often; raises where this worker is to end.

    Raises:
        InfeasibleError: the first trials all failed.
        InputError: the storage does not answer any more.
    """
    with Worker(folder) as worker, _answering():
        Crew(
            studies=studies, objective=objective, worker=worker, watchman=Watchman(folder), folder=folder, say=say,
            check=check,
        ).go()  # fmt: skip


def watched(objective: Objective, watch: Watch) -> Objective:
    """An objective whose trials fail where they hang; each report is progress.

    >>> from ris_pytorch_pipeline.search import Judged
    >>> from ris_pytorch_pipeline.tasks.watch import Watch
    >>> patient = watched(lambda task, report: Judged(value=1.0, epoch=1), Watch(say=print, limit=3600.0))

    Args:
        objective: that judges a recipe.
        watch: over each trial.
    """

    def judged(task: Task, report: Report) -> Judged:
        def told(epoch: int, value: float) -> None:
            watch.progressed()
            report(epoch, value)

        with watch.over(f"{task.stage} trial {task.number}"):
            return objective(task, told)

    return judged


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        raise InputError(
            "a storage that answers", str(error.__cause__ or error).splitlines()[0][:200],
            "a database that went down, or a connection that broke",
            "start it, and go on with --resume: every finished trial is kept",
        ) from error  # fmt: skip


def run_processes(command: Sequence[str], workers: int, told: str = "") -> list[int]:
    """Start workers and wait for all of them; where this process is made to end, so are they.

    >>> run_processes(["true"], workers=2)
    [0, 0]

    Args:
        command: of one worker; anybody on the machine reads it in a list of processes.
        workers: how many.
        told: what each reads from its standard input, where nobody else does.

    Returns:
        Their exit codes.

    Raises:
        BaseException: what ended this process, once they have ended.
    """
    started = [subprocess.Popen(list(command), stdin=subprocess.PIPE) for _ in range(workers)]
    try:
        for process in started:
            _tell(process, told)
        return [process.wait() for process in started]
    except BaseException:
        for process in started:
            with suppress(OSError):
                process.terminate()
        for process in started:
            _end(process)
        raise


def _tell(process: "subprocess.Popen[bytes]", told: str) -> None:
    """Hand a text over and close; its exit code tells of a process that ended before it read."""
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as line:
            line.write(told.encode())


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
