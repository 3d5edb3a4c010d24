"""What is a reader under trial? A good file, what reads it, how it is changed, and how reading ends."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainlint.errors import ExplainedError

from changing import Change, changed_bytes

SECONDS = 5
"""After which a reader hangs."""


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
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read(path)
    except ExplainedError:
        return "refused"
    except Exception as error:  # what is counted
        return f"FOREIGN {type(error).__name__}: {str(error)[:80]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "accepted"


def hang(number: int, frame: object) -> None:
    """End a reader that hangs.

    Raises:
        TimeoutError: always.
    """
    raise TimeoutError(f"over {SECONDS} s")
