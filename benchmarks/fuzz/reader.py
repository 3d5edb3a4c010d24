"""What is a reader under trial? A good file, what reads it, how it is changed, and how reading ends."""

import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from changing import Change, changed_bytes
from trainlint.errors import ExplainedError

SECONDS, WAITED = 5, 60
"""Of the processor, and by the clock, after which a reader hangs: on crowded cores a sound one takes long, too."""
_TIMERS = {signal.ITIMER_PROF: (signal.SIGPROF, SECONDS), signal.ITIMER_REAL: (signal.SIGALRM, WAITED)}


class Hang(BaseException):
    """A reader took too long; no error of a kind that a reader turns into one of its own."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A reader.

    Args:
        name: of it.
        file: that it reads, out of those that `make_all` makes.
        read: reads it.
        change: of its structure.
        vouched: whether the file holds a digest, so that no other byte is read as good.
    """

    name: str
    file: str
    read: Callable[[Path], object]
    change: Change = changed_bytes
    vouched: bool = False

    @property
    def folder(self) -> str:
        """Of its corpus."""
        return self.name.replace(" ", "-").replace(".", "")


def outcome(read: Callable[[Path], object], path: Path) -> str:
    """How a reader ended: accepted, refused, or by a foreign exception or a hang."""
    try:
        with bounded():
            read(path)
    except ExplainedError:
        return "refused"
    except (Exception, Hang) as error:  # what is counted
        return f"FOREIGN {type(error).__name__} at {_place(error)}: {str(error)[:80]}"
    return "accepted"


@contextmanager
def bounded() -> Iterator[None]:
    """A block that ends by `Hang` where it takes too long.

    Yields:
        Nothing.
    """
    before = {number: signal.signal(number, _hang) for number, _ in _TIMERS.values()}
    for timer, (_, seconds) in _TIMERS.items():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer in _TIMERS:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _place(error: BaseException) -> str:
    """Where an exception was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _hang(number: int, frame: object) -> None:
    """End a reader that hangs.

    Raises:
        Hang: always.
    """
    raise Hang(f"over {SECONDS} s of the processor, or {WAITED} s of the clock")
