"""How does a program that a signal ends leave its verdict, and still end as it would have without us?"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType


class Terminated(BaseException):
    """The process was asked to end."""


class Signals:
    """Closes the watch before SIGTERM ends the process, and lets Ctrl-C end it by its own signal.

    Nothing of the program is unwound on SIGTERM, as without a watch; a handler of the program's own takes the place of
    this one.

    Args:
        close: prints the verdict; called with what ended the program.
    """

    def __init__(self, close: Callable[[BaseException], object]) -> None:
        self._close, self._process = close, os.getpid()
        self._listens = False
        self._last: int | None = None

    def start(self) -> None:
        """Listen; in a thread of somebody else's, or beside another handler, there is nothing to listen to."""
        atexit.register(self._at_exit)  # before anything of the program's own, so that it comes last
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._terminated)
            self._listens = True

    def stop(self) -> None:
        """Put back what was there."""
        if self._listens and signal.getsignal(signal.SIGTERM) == self._terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._listens = False

    def _terminated(self, number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        try:
            if os.getpid() == self._process:  # a child that was forked has no verdict of its own
                self._close(Terminated(signal.Signals(number).name))
        finally:
            _end_by(number)

    def interrupted(self) -> None:
        """Ctrl-C ended the program: so it does the process, after everything that still runs at exit."""
        self._last = signal.SIGINT

    def _at_exit(self) -> None:
        if self._last is not None and os.getpid() == self._process:
            _end_by(self._last)


def _end_by(number: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
