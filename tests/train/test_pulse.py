"""Is a process that hangs, is stopped or is killed named by the others, and one that takes its time let be?"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from nursery import LONGEST, Nursery

from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.train import Processes
from ris_pytorch_pipeline.train.processes import pulse as processes_pulse
from ris_pytorch_pipeline.train.processes.brief import SECONDS
from ris_pytorch_pipeline.train.processes.pulse import EVERY, PATIENCE, Pulse

QUICK = 0.05


class Step:
    """Stands for the event that ends a pulse: each time it is waited for, until a test lets it go on."""

    def __init__(self) -> None:
        self._go, self._asked, self._ends = threading.Semaphore(0), threading.Semaphore(0), False

    def wait(self, seconds: float) -> bool:
        self._asked.release()
        self._go.acquire()
        return self._ends

    def set(self) -> None:
        self._ends = True
        self._go.release()

    def look(self) -> None:
        """Let the pulse look once, and wait until it has."""
        self._asked.acquire()
        self._go.release()
        self._asked.acquire()
        self._asked.release()


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Pulse, Step, Callable[[], int]]]:
    """A pulse, what makes it look at the main thread, and how often it has beaten."""
    monkeypatch.setattr(processes_pulse, "Event", Step)
    store = dist.HashStore()  # pyright: ignore[reportPrivateImportUsage]
    with Pulse(store, 1, 2, every=LONGEST) as pulse:
        other, step = Pulse(store, 0, 2, every=LONGEST), pulse._end
        assert isinstance(step, Step)
        yield pulse, step, lambda: int((other.beats() or {})[1] or 0)


def test_a_beat_goes_on_while_the_main_thread_moves_or_waits(beating) -> None:
    pulse, step, beats = beating
    for look in (step.look, lambda: step.look()):  # from two places
        before = beats()
        look()
        assert beats() == before + 1, "a loop moves"
    with pulse.waiting():
        before = beats()
        for _ in range(10):
            step.look()  # from one place
        assert beats() == before + 10, "waiting is no hanging"


def test_a_main_thread_that_stays_in_one_place_stops_beating(beating) -> None:
    _, step, beats = beating
    seen: list[int] = []

    def look() -> None:
        while len(seen) < 2 or seen[-1] != seen[-2]:  # the main thread is on its way to the one place
            step.look()
            seen.append(beats())
        for _ in range(10):
            step.look()
        seen.append(beats())

    looking = threading.Thread(target=look)
    looking.start()
    looking.join()  # the one place
    assert seen[-1] == seen[-2] > 0
    step.look()
    assert beats() == seen[-1] + 1, "it moves again"


class Clock:
    """Time that a test sets."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_silence_is_counted_from_the_beginning_of_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes_pulse, "time", clock := Clock())
    store = dist.HashStore()  # pyright: ignore[reportPrivateImportUsage]
    watched = Pulse(store, 0, 3, every=60.0, patience=1.0).watch()
    assert watched.silent() == []
    store.set("pulse/1", "1")
    clock.now = 0.5
    assert watched.silent() == []
    clock.now = 1.1
    assert watched.silent() == [2], "process 1 was heard 0.6 s ago, process 2 never"


def test_a_store_that_does_not_answer_is_process_0(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead(dist.HashStore):  # pyright: ignore[reportPrivateImportUsage]
        def check(self, keys):
            raise RuntimeError("no answer")

    monkeypatch.setattr(processes_pulse, "time", clock := Clock())
    watched = Pulse(Dead(), 1, 2, every=QUICK, patience=0.1).watch()
    assert watched.silent() == []
    clock.now = 0.15
    assert watched.silent() == [0]


def test_the_others_end_within_a_minute_of_one_that_hangs() -> None:
    notices, ends = PATIENCE + 2 * EVERY, EVERY + 2 * SECONDS  # two looks; the beat's end, a word, leaving the group
    assert notices + ends <= 60 - 4, "the interpreter takes seconds to end too"


def test_a_silent_process_0_is_not_asked_why(monkeypatch: pytest.MonkeyPatch) -> None:
    class Asked(dist.HashStore):  # pyright: ignore[reportPrivateImportUsage]
        def check(self, keys):
            return pytest.fail("asked")

    monkeypatch.setattr(Processes, "_summed", lambda self, values: ([0], None))
    with pytest.raises(InfeasibleError, match="no sign of life from process 0"):
        Processes(rank=1, world=2, store=Asked()).sum(torch.ones(1))


TWO = """
import os, sys, torch
from datetime import timedelta
import ris_pytorch_pipeline.train.processes.pulse as pulse, ris_pytorch_pipeline.train.processes.together as processes
pulse.EVERY = processes.EVERY = 0.3
processes.AFTER_AN_ERROR = 1.0
pulse.Pulse.__init__.__defaults__ = (0.3, 2.0)
from ris_pytorch_pipeline.train import joined
from ris_pytorch_pipeline.errors import InfeasibleError
rank = int(os.environ["RANK"])
with joined(os.environ, "cpu", timedelta(seconds=100)) as one:
    one.sum(torch.ones(1))
    print("ready", flush=True)
    try:
        for number in range(100000):
            one.sum(torch.ones(1))
            if number % 200 == 0:
                sum(range(20000))
    except InfeasibleError as error:
        print(error, flush=True)
        sys.stdout.flush()
        os._exit(7)
"""


@pytest.mark.parametrize(("victim", "kind"), [(1, "STOP"), (0, "STOP"), (1, "KILL")])
def test_the_others_end_with_the_name_of_the_one_that_is_gone(
    victim: int, kind: str, tmp_path: Path, nursery: Nursery
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "two.py").write_text(TWO)
    launch = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    both = [nursery.start("two.py", cwd=tmp_path, **launch, RANK=str(rank), LOCAL_RANK=str(rank)) for rank in (0, 1)]
    try:
        assert all(process.stdout is not None and "ready" in process.stdout.readline() for process in both)
        both[victim].send_signal(signal.SIGSTOP if kind == "STOP" else signal.SIGKILL)
        code = both[1 - victim].wait(50)
    finally:
        for process in both:
            process.kill()
            process.wait()
    stdout = both[1 - victim].stdout
    assert stdout is not None
    said = stdout.read()
    assert code == 7, said
    assert f"process {victim}" in said and "wanted an answer from all 2 processes" in said, said
