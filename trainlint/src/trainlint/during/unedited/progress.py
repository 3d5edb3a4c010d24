"""Where does the watched program stand, and who hears what is found? A line over and over, and findings by line."""

import time
from io import TextIOBase
from typing import TYPE_CHECKING, TextIO

from ...findings import Finding
from ..run import Run
from .frames import users_line, with_line
from .trainings import Training, labelled

if TYPE_CHECKING:
    from .session import Session

_OFTEN, _SELDOM = 0.5, 10.0
"""Seconds between two lines on a terminal, and in a file."""


class Progress:
    """Writes the status of a run, seldom enough to cost nothing."""

    def __init__(self, stream: TextIO | TextIOBase) -> None:
        self.stream, self._live = stream, stream.isatty()
        self._every, self._last = (_OFTEN if self._live else _SELDOM), time.monotonic()

    def show(self, run: Run, findings: int) -> None:
        """Write the status where it is time."""
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


class Hearing:
    """Passes on what the watch of one training finds, under the training's name where there are several."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.training: Training | None = None

    def place(self) -> str:
        """The line of the user's code that is running; what is judged at the end belongs to no line."""
        line = None if self._session.over else users_line()
        return "" if line is None else str(line)

    def hear(self, finding: Finding) -> None:
        """A finding comes: pass it on."""
        tell, training = self._session.options.tell, self.training
        if tell is not None:
            finding = finding if training is None else with_line(finding, training.watch.run.model)
            alone = training is None or not self._session.trainings.several
            tell(finding if alone or training is None else labelled(finding, training.label))
