"""What is a reader under trial? A good file, what reads it, how it is changed, and how reading ends."""

import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from changing import Change, changed_bytes
from trainlint.errors import ExplainedError

SECONDS = 5
"""After which a reader hangs."""


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
    """How a reader ended: accepted, refused, or by a foreign exception or a hang; what hangs does so twice."""
    ended = _outcome(read, path)
    return _outcome(read, path) if ended.startswith("FOREIGN Hang") else ended


def _outcome(read: Callable[[Path], object], path: Path) -> str:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read(path)
    except ExplainedError:
        return "refused"
    except (Exception, Hang) as error:  # what is counted
        return f"FOREIGN {type(error).__name__} at {_place(error)}: {str(error)[:80]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "accepted"


def _place(error: BaseException) -> str:
    """Where an exception was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def hang(number: int, frame: object) -> None:
    """End a reader that hangs.

    Raises:
        Hang: always.
    """
    raise Hang(f"over {SECONDS} s")
