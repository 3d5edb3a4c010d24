"""How do several processes share the cells of a suite? Each is told the number of a cell and answers with its row."""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout, suppress
from queue import SimpleQueue
from threading import Thread

from ...errors import InputError
from ...files import parse_document
from ...tasks import Executor
from ...tasks.watch import HUNG, Watch
from .entering import Entering
from .suite import Pending, Suite
from .working import Told, Worked, work

Answer = tuple[Pending, Worked]
"""A cell, and what came of it."""
Answers = Generator[Answer, None, None]
"""Cells as they come; closing it ends whatever works on the rest."""
_MARK = "\x1e"
"""How a line of an answer begins, a record separator: anything else on standard output is no answer."""


def worked_here(cells: Sequence[Pending], entering: Entering, suite: str, told: Told, watch: Watch) -> Answers:
    """Run cells in this process, one after the other; one that hangs fails alone.

    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> from ris_pytorch_pipeline.tasks.watch import Watch
    >>> from ris_pytorch_pipeline.train import load_network
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> model = {"night": {"model": "night.safetensors"}}
    >>> sweeps = {"snr": {"methods": ["night"], "over": {"snr_db": [20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "contenders": model, "sweeps": sweeps})
    >>> entering, watch = Entering(read=load_network), Watch(None, print)
    >>> answers = worked_here(suite.cells(), entering, suite.digest, lambda label, done, total: None, watch)
    >>> [(pending.label, worked.failure.split(":")[0]) for pending, worked in answers]  # there is no such file
    [('snr, snr_db 20, night', 'InputError')]

    Args:
        cells: to run.
        entering: makes contenders.
        suite: digest of the suite.
        told: called after each block of scenes.
        watch: over each cell.

    Yields:
        Each cell, once it is finished.
    """
    for pending in cells:
        yield pending, _watched(pending, entering, suite, told, watch)


def _watched(pending: Pending, entering: Entering, suite: str, told: Told, watch: Watch) -> Worked:
    def progressed(label: str, done: int, total: int) -> None:
        watch.progressed()
        told(label, done, total)

    return work(pending, entering, suite, progressed, lambda: watch.over(pending.label))


def worked_apart(cells: Sequence[Pending], command: Sequence[str], jobs: int, suite: Suite) -> Answers:
    """Run cells in processes of their own, each cell in the first one that is free.

    A process that dies fails the cell it was at, and leaves the others to the rest. All of them end with this one.

    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> sweeps = {"snr": {"methods": ["genie"], "over": {"snr_db": [10, 20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "sweeps": sweeps})
    >>> answers = worked_apart(suite.cells(), ["false"], 1, suite)  # a command that dies at once
    >>> [worked.failure for _, worked in answers]
    ['its process ended with code 1', 'every process had died before']

    Args:
        cells: to run.
        command: of a process, which calls `serve` with the cells of the same suite.
        jobs: how many processes.
        suite: whose cells they are.

    Yields:
        Each cell, once it is finished, in any order.

    Raises:
        InputError: a process that runs another suite.
    """
    numbers = {pending.key: number for number, pending in enumerate(suite.cells())}
    crew = _Crew(deque(cells), numbers)
    started = [_started(command) for _ in range(min(jobs, len(cells)))]
    threads = [Thread(target=crew.lead, args=(process,), daemon=True) for process in started]
    try:
        for thread in threads:
            thread.start()
        for answer in crew.answers_of(len(threads)):
            yield _checked(answer, suite.digest)
    finally:
        crew.dismiss()
        for process in started:
            process.kill()  # it holds no file: what it was at is lost either way
        for thread in threads:
            thread.join()  # which reads the end of its process
        for process in started:
            with suppress(BrokenPipeError), process:  # closes both pipes
                pass


def worked_by(
    cells: Sequence[Pending], work_on: Callable[[int], Worked],
    executor: Callable[[], AbstractContextManager[Executor]], suite: Suite,
) -> Answers:  # fmt: skip
    """Run cells as tasks of an executor; one whose workers died is a failure of its own.

    >>> from contextlib import nullcontext
    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> from ris_pytorch_pipeline.tasks import Here
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> sweeps = {"snr": {"methods": ["genie"], "over": {"snr_db": [10, 20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "sweeps": sweeps})
    >>> def fails(number: int) -> Worked:
    ...     return Worked(failure=f"cell {number} has no data")
    >>> answers = worked_by(suite.cells(), fails, lambda: nullcontext(Here()), suite)
    >>> [(pending.label, worked.failure) for pending, worked in answers]
    [('snr, snr_db 10, genie', 'cell 0 has no data'), ('snr, snr_db 20, genie', 'cell 1 has no data')]

    Args:
        cells: to run.
        work_on: what comes of the cell of this number in the suite; workers can import it.
        executor: somebody who does tasks, until the block ends.
        suite: whose cells they are.

    Yields:
        Each cell, once it is finished, in any order.

    Raises:
        InputError: a worker that runs another suite.
    """
    numbers = {pending.key: number for number, pending in enumerate(suite.cells())}
    with executor() as found:
        for done in found.carry_out(work_on, [numbers[pending.key] for pending in cells]):
            worked = Worked(failure=str(done.error)) if done.error is not None else done.value
            yield _checked((cells[done.number], worked), suite.digest)


def serve(cells: Sequence[Pending], entering: Entering, suite: str, told: Told, watch: Watch) -> None:
    """Be one of the processes: read numbers of cells from standard input, and answer each with a line.

    >>> import io
    >>> import json
    >>> from contextlib import redirect_stdout
    >>> from unittest.mock import patch
    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> from ris_pytorch_pipeline.tasks.watch import Watch
    >>> from ris_pytorch_pipeline.train import load_network
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> model = {"night": {"model": "night.safetensors"}}
    >>> sweeps = {"snr": {"methods": ["night"], "over": {"snr_db": [20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "contenders": model, "sweeps": sweeps})
    >>> entering, watch = Entering(read=load_network), Watch(None, print)
    >>> with patch("sys.stdin", io.StringIO("0")), redirect_stdout(io.StringIO()) as answers:
    ...     serve(suite.cells(), entering, suite.digest, lambda label, done, total: None, watch)
    >>> json.loads(answers.getvalue()[1:])["failure"].split(":")[0]  # behind a mark; there is no such file
    'InputError'

    Args:
        cells: of the suite.
        entering: makes contenders.
        suite: its digest.
        told: called after each block of scenes; raises where this process is to end.
        watch: over each cell.
    """
    out = sys.stdout
    with redirect_stdout(sys.stderr):  # an estimator may print
        for line in sys.stdin:
            done = _watched(cells[int(line)], entering, suite, told, watch)
            out.write(f"{_MARK}{json.dumps(vars(done))}\n")
            out.flush()


class _Crew:
    """Cells that are left, and the answers of the processes that take them.

    Args:
        cells: to run.
        numbers: of the cells in the suite.
    """

    def __init__(self, cells: deque[Pending], numbers: Mapping[tuple[str, int, str], int]) -> None:
        self._cells, self._numbers = cells, numbers
        self._answers = SimpleQueue[Answer | None]()

    def answers_of(self, leads: int) -> Iterator[Answer]:
        """Each answer as it comes, and a failure for each cell that nobody was left to take."""
        while leads:
            answer = self._answers.get()
            if answer is None:
                leads -= 1
            else:
                yield answer
        for pending in self._cells:
            yield pending, Worked(failure="every process had died before")

    def dismiss(self) -> None:
        """Leave nothing to take."""
        self._cells.clear()

    def lead(self, process: "subprocess.Popen[str]") -> None:
        """Hand cells to a process until none is left, or the process is gone."""
        while self._cells:
            try:
                pending = self._cells.popleft()
            except IndexError:  # another thread took the last one
                break
            line = _asked(process, self._numbers[pending.key])
            if not line:
                code = process.wait()
                why = ", since it hung and could not be interrupted" if code == HUNG else ""
                self._answers.put((pending, Worked(failure=f"its process ended with code {code}{why}")))
                break
            self._answers.put((pending, Worked(**parse_document(line, not_finite=True))))
        self._answers.put(None)


def _started(command: Sequence[str]) -> "subprocess.Popen[str]":
    """A process in a session of its own: Ctrl-C reaches the one that leads alone."""
    return subprocess.Popen(
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip


def _asked(process: "subprocess.Popen[str]", number: int) -> str:
    """The answer of a process to the number of a cell; empty where it is gone."""
    if process.stdin is None or process.stdout is None:
        return ""
    try:
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        while line and not line.startswith(_MARK):  # what an extension printed
            line = process.stdout.readline()
    except (OSError, ValueError):
        return ""
    return line.removeprefix(_MARK)


def _checked(answer: Answer, digest: str) -> Answer:
    row = answer[1].row
    if row is not None and row["suite"] != digest:
        raise InputError(
            f"a cell of the suite {digest[:12]}", f"one of {str(row['suite'])[:12]}",
            "a suite, a checkpoint or an extension that was changed while it ran", "undo that, and go on with --resume",
        )  # fmt: skip
    return answer
