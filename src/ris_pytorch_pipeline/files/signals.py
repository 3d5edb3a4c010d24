"""How does a program end that is asked to? At a point of its own choice, with the exit code that says why."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANGUP = tuple(found for name, found in vars(signal).items() if name == "SIGHUP")
"""The signal of a terminal that is closed, where there is one."""


class Terminated(KeyboardInterrupt):
    """Somebody else asked this process to end: SIGTERM or SIGHUP.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = signal.Signals(number)

    @property
    def code(self) -> int:
        """The exit code: 128 and the number of the signal, as shells have it."""
        return 128 + self.number


class Stop:
    """Whether this process was asked to end, and by which signal."""

    def __init__(self) -> None:
        self.number: signal.Signals | None = None

    @property
    def name(self) -> str:
        """Of the signal; empty where none came."""
        return "" if self.number is None else self.number.name

    def error(self) -> KeyboardInterrupt:
        """What to raise once everything is kept."""
        return error_of(signal.SIGINT if self.number is None else self.number)


def error_of(number: int) -> KeyboardInterrupt:
    """The exception that stands for a signal: Ctrl-C is a `KeyboardInterrupt`, the others are `Terminated`."""
    return KeyboardInterrupt("SIGINT") if number == signal.SIGINT else Terminated(number)


@contextmanager
def terminating() -> Iterator[None]:
    """A block in which SIGTERM and SIGHUP raise, as Ctrl-C does, so that what is finished can be kept.

    Yields:
        Nothing.

    Raises:
        Terminated: in the block, when a signal comes.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    with _handled(end, signal.SIGTERM, *HANGUP):
        yield


@contextmanager
def stopping() -> Iterator[Stop]:
    """A block in which the first signal is noted for whoever looks, and a second one raises at once.

    Yields:
        What was asked for so far.

    Raises:
        KeyboardInterrupt: in the block, at a second signal; `Terminated` unless it was Ctrl-C.
    """
    stop = Stop()

    def note(number: int, frame: FrameType | None) -> None:
        if stop.number is not None:
            raise error_of(number)
        stop.number = signal.Signals(number)

    with _handled(note, signal.SIGINT, signal.SIGTERM, *HANGUP):
        yield stop


def parent_watch(started_by: int | None = None) -> Callable[[], None]:
    """A check that ends this process once the one that started it is gone.

    Args:
        started_by: number of that process, which may be gone already; None is the present parent.

    Returns:
        The check, which raises `Terminated`.
    """
    parent = os.getppid() if started_by is None else started_by

    def check() -> None:
        if os.getppid() != parent:
            raise Terminated(signal.SIGTERM)

    return check


@contextmanager
def _handled(handler: "signal._HANDLER", *numbers: signal.Signals) -> Iterator[None]:
    """Handle signals in a block; one that is ignored, as nohup has it, stays ignored."""
    if threading.current_thread() is not threading.main_thread():  # Python allows handlers there alone
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    mine = [number for number, old in before.items() if old is not signal.SIG_IGN]
    for number in mine:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, before[number])
