"""Does a task hang? Its thread stays in one call and no processor works for it; a task that takes long does neither."""

import os
import sys
import threading
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any

STILL = 45.0
"""Seconds in one call without work after which a task hangs; with the looks and the end it is over within 60."""
FIRST_WORD = 60.0
"""Seconds without progress after which the user is told where a task is; then after twice as many, each time."""
_THREAD, _PROCESS = 1e-3, 0.1
"""Work that is none: seconds of the thread, which any call that returns takes, and the share of a core of its process,
whose other threads renew leases and talk to a scheduler."""
Place = tuple[tuple[int, int], ...]
"""The code and the instruction of each frame of some threads."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is seen of a thread at a moment.

    Args:
        place: where it is.
        where: the same for people, of its innermost frame.
        thread: processor time that it has used; None where this system does not tell.
        process: processor time that its process has used.
        waits: whether its process has started others, for which it may wait.
    """

    place: Place
    where: str
    thread: float | None
    process: float
    waits: bool


def place_of(*threads: int | None) -> Place:
    """Where threads are.

    Args:
        threads: their identifiers; one that is none counts nothing.
    """
    frames, found = sys._current_frames(), []
    for thread in threads:
        frame = frames.get(thread or 0)
        while frame is not None:
            found.append((id(frame.f_code), frame.f_lasti))
            frame = frame.f_back
    return tuple(found)


def sight_of(thread: int) -> Sight:
    """Look at a thread of this process.

    Args:
        thread: its identifier.
    """
    frame = sys._current_frames().get(thread)
    return Sight(
        place=place_of(thread), where=_where(frame), thread=_worked(thread), process=time.process_time(),
        waits=_has_children(),
    )  # fmt: skip


def _where(frame: FrameType | None) -> str:
    if frame is None:
        return "no place"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_name})"


def _worked(thread: int) -> float | None:
    clock: Any = vars(time).get("pthread_getcpuclockid")  # not on macOS
    alive = any(each.ident == thread for each in threading.enumerate())  # of a thread that ended it must not be asked
    return time.clock_gettime(clock(thread)) if clock is not None and alive else None


def _has_children() -> bool:
    """Whether this process has started others; so it is taken to be where the system does not tell."""
    ask: Any = vars(os).get("waitid")
    if ask is None:
        return True
    try:
        ask(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


class Spell:
    """How long a task has been at work, without progress and without work.

    Args:
        limit: seconds after which it is to end, whatever it does; None is no limit.
        now: seconds, by a clock that runs forwards.
    """

    def __init__(self, limit: float | None, now: float) -> None:
        self._limit, self._begin = limit, now
        self._progress, self._word = now, FIRST_WORD
        self._moved, self._before = now, Sight(place=(), where="", thread=None, process=0.0, waits=True)

    def progressed(self, now: float) -> None:
        """The task came on.

        Args:
            now: seconds.
        """
        self._progress, self._word = now, FIRST_WORD

    def word(self, now: float) -> str:
        """What to tell the user of it, or nothing, if it was told.

        Args:
            now: seconds.
        """
        if now - self._progress < self._word:
            return ""
        self._word *= 2
        return f"no progress for {now - self._progress:.0f} s, now at {self._before.where}"

    def fault(self, sight: Sight, now: float) -> str:
        """Why it is to end, or nothing.

        Args:
            sight: of it now.
            now: seconds.
        """
        if _moves(self._before, sight, now - self._moved):
            self._moved, self._before = now, sight
        if self._limit is not None and now - self._begin > self._limit:
            return f"--task-limit of {self._limit:g} s passed, at {sight.where}"
        if now - self._moved > STILL:
            return f"hung for {now - self._moved:.0f} s without any work, at {sight.where}"
        return ""


def _moves(before: Sight, now: Sight, seconds: float) -> bool:
    """Whether a thread did anything between two looks, or may have."""
    if before.place != now.place or before.thread is None or now.thread is None or now.waits:
        return True
    return now.thread - before.thread > _THREAD or now.process - before.process > _PROCESS * seconds + _THREAD
