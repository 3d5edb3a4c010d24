"""How a command shows its results: JSON, and a progress bar on anything that takes over 2 seconds."""

import json
import sys
import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .streams import writes_any_letter

_PATIENCE = 2.0
"""Seconds before a progress bar appears."""


def print_json(value: Any) -> None:  # noqa: ANN401
    """Print a value as one JSON document; a number that is not finite is a bug and not written."""
    print(json.dumps(value, allow_nan=False, ensure_ascii=not writes_any_letter(), indent=2))


def rate(done: int, seconds: float) -> str:
    """Scenes per second in words; empty as long as no time has passed, or where the clock went back."""
    return f"{done / seconds:.0f} scenes/s" if seconds > 0 else ""


class Bar:
    """A progress bar on stderr that appears once the work has taken 2 seconds, and only on a terminal.

    What is printed meanwhile goes to standard output; if that is a terminal too, whole lines above the bar.

    Args:
        label: what is being done.
    """

    def __init__(self, label: str) -> None:
        self._label, self._begin = label, time.monotonic()
        self._progress: Progress | None = None

    def __enter__(self) -> "Bar":
        """Start the clock."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the bar."""
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, done: int, total: int, label: str | None = None) -> None:
        """Say how far the work is.

        Args:
            done: units finished.
            total: units in all.
            label: what is being done now; None keeps the last.
        """
        self._label = label or self._label
        if self._progress is None and time.monotonic() - self._begin > _PATIENCE:
            self._progress = _progress()
            self._progress.add_task(self._label, total=total)
            self._progress.start()
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=done, total=total, description=self._label)


def _progress() -> Progress:
    """A bar on stderr; it takes over standard output, to stay below it, only where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    return Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty()
    )
