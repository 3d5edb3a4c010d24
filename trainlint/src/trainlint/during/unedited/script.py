"""How is a script run as Python itself would run it, and how does it end as it would have without us?"""

import atexit
import builtins
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import FrameType, ModuleType

from .frames import PACKAGE


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a script ended."""

    code: int
    error: BaseException | None = None


def run_script(target: str, arguments: Sequence[str], *, module: bool = False) -> Ending:
    """Run a script or a module as `__main__`, with its own `sys.argv` and its folder first on the path.

    An error that ends it is printed as Python prints it, without our own frames.
    """
    before = sys.argv[:], sys.path[:]
    sys.argv = [target, *arguments]
    sys.path[:1] = [str(Path.cwd()) if module else str(Path(target).resolve().parent)]
    try:
        _run_module(target) if module else _run_file(target)
    except SystemExit as stop:
        return Ending(code=_status(stop))
    except KeyboardInterrupt as stop:
        _print_error(stop)
        return Ending(code=130, error=stop)
    except BaseException as error:
        _print_error(error)
        return Ending(code=1, error=error)
    finally:
        sys.argv, sys.path[:] = before
    return Ending(code=0)


def _run_module(name: str) -> None:
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_file(target: str) -> None:
    program, place = ModuleType("__main__"), str(Path(target).absolute())
    program.__file__ = place
    program.__loader__ = SourceFileLoader("__main__", place)
    program.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = program
    exec(compile(Path(place).read_bytes(), place, "exec", dont_inherit=True), program.__dict__)


def _status(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return stop.code or 0
    sys.stderr.write(f"{stop.code}\n")  # as Python does
    return 1


def _print_error(error: BaseException) -> None:
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if not _is_ours(frame.filename)])
    sys.stderr.write("".join(told.format()))


def _is_ours(path: str) -> bool:
    return path.startswith((PACKAGE, runpy.__file__, "<frozen runpy"))


class Terminated(BaseException):
    """The process was asked to end."""


class Signals:
    """Closes the watch before SIGTERM ends the process, and lets Ctrl-C end it by its own signal.

    Nothing is unwound on SIGTERM, as without a watch; a handler of the program's own replaces this one.
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
        with suppress(AttributeError, OSError):  # closed, or on a full disk
            stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
