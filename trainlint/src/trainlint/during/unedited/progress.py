"""Where does the watched program stand? One line that is written over, or one every ten seconds where nobody can."""

import time
from typing import Protocol, runtime_checkable

from ..run import Run

_OFTEN, _SELDOM = 0.5, 10.0
"""Seconds between two lines on a terminal, and in a file."""


@runtime_checkable
class Screen(Protocol):
    """What is written to, such as standard error."""

    def write(self, text: str, /) -> int:
        """Write it."""
        ...

    def flush(self) -> None:
        """Show it now."""
        ...

    def isatty(self) -> bool:
        """True for a terminal."""
        ...


class Progress:
    """Writes the status of a run, seldom enough to cost nothing.

    Args:
        stream: usually standard error.
    """

    def __init__(self, stream: Screen) -> None:
        self.stream, self._live = stream, stream.isatty()
        self._every, self._last = (_OFTEN if self._live else _SELDOM), time.monotonic()

    def show(self, run: Run, findings: int) -> None:
        """Write the status where it is time.

        Args:
            run: the counters.
            findings: how many findings there are so far.
        """
        now = time.monotonic()
        if now - self._last < self._every:
            return
        self._last = now
        loss = "" if run.latest is None else f", loss {run.latest:.4g}"
        text = f"trainlint: epoch {len(run.epochs) + 1}, update {run.applied}{loss}, {findings or 'no'} findings"
        self.stream.write(f"\r{text:<78}" if self._live else f"{text}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            self.stream.write(f"\r{'':<78}\r")
