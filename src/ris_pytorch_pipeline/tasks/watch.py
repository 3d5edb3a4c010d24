"""Who looks at the main thread of a worker? A thread that tells of long tasks, and ends what hangs."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from ..errors import InfeasibleError
from .hanging import Spell, sight_of

EVERY = 3.0
"""Seconds between two looks."""
GRACE = 3
"""Looks after which a task that was interrupted and does not end takes its process with it."""
HUNG = 75
"""Exit code of a process that had to end with its task."""


class Watch:
    """Watches tasks in the main thread of a process.

    A task that hangs, or passes the limit, is interrupted by an error of its own; where it cannot be, as in a library
    that does not come back, its process ends with the code `HUNG`.

    Args:
        limit: seconds that a task may take; None is no limit.
        say: takes each line for the user.
        every: seconds between two looks.
    """

    def __init__(self, limit: float | None, say: Callable[[str], object], every: float = EVERY) -> None:
        self._limit, self._say, self._every = limit, say, every
        self._spell: Spell | None = None

    def progressed(self) -> None:
        """The present task came on."""
        if self._spell is not None:
            self._spell.progressed(time.monotonic())

    @contextmanager
    def over(self, task: str) -> Iterator[None]:
        """Watch the block, which the main thread runs.

        Args:
            task: its name.

        Yields:
            Nothing.

        Raises:
            InfeasibleError: in the block, where it hangs or passes the limit.
        """
        looked = _Looked(task=task, spell=Spell(self._limit, time.monotonic()))
        before = signal.signal(signal.SIGUSR1, looked.interrupt)
        looking = threading.Thread(target=self._look, args=(looked,), daemon=True)
        self._spell = looked.spell
        looking.start()
        try:
            yield
        finally:
            looked.done.set()
            looking.join()
            self._spell = None
            signal.signal(signal.SIGUSR1, before)

    def _look(self, looked: "_Looked") -> None:
        main, interrupted = threading.main_thread().ident or 0, 0.0
        while not looked.done.wait(self._every):
            now = time.monotonic()
            fault = looked.spell.fault(sight_of(main), now)
            told = fault or looked.spell.word(now)
            if told:
                self._say(f"process {os.getpid()}, {looked.task}: {told}")
            if fault and interrupted and now - interrupted >= GRACE * self._every:
                os._exit(HUNG)
            if fault and not interrupted:
                interrupted, looked.fault = now, fault
                signal.pthread_kill(main, signal.SIGUSR1)


@dataclass(kw_only=True)
class _Looked:
    """A task that is watched.

    Args:
        task: its name.
        spell: how long it has been at work.
        fault: why it is interrupted.
        done: whether it has come to its end.
    """

    task: str
    spell: Spell
    fault: str = ""
    done: threading.Event = field(default_factory=threading.Event)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise in the main thread, as a handler of a signal, unless the task has ended meanwhile.

        Raises:
            InfeasibleError: why.
        """
        if not self.done.is_set():
            raise InfeasibleError(
                "a task that comes to its end", f"{self.task}: {self.fault}",
                "a deadlock, a file system or a service that does not answer, or a limit that is too low",
                "mend that, or raise --task-limit; the same command goes on with --resume",
            )  # fmt: skip
