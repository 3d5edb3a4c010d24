"""How do numbers get into an event file of TensorBoard? A whole record at a time, in the thread that has them.

TensorBoard's own writer has a thread of its own, whose failure nobody can catch: it prints a traceback.
"""

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from ...errors import ConfigurationError, InputError
from ...files import Lines, cause, move, reason


def check_installed() -> None:
    """Refuse to begin without the package.

    Raises:
        ConfigurationError: tensorboard is not installed.
    """
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            "the package tensorboard", str(error), "an install without the extra",
            "pip install 'ris-pytorch-pipeline[tensorboard]'",
        ) from error  # fmt: skip


class EventFile:
    """A new event file in a folder, which is made.

    >>> file = EventFile(Path("board"))
    >>> file.scalars({"loss/total": 0.5}, 1)
    >>> file.close()
    >>> [path.name.split(".")[2] for path in Path("board").iterdir()]
    ['tfevents']

    Args:
        folder: of event files.
        purge: step from which on earlier files no longer hold, as those of a run that is resumed from before it.

    Raises:
        InputError: folder or file cannot be made or written.
    """

    def __init__(self, folder: Path, purge: int | None = None) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
        from tensorboard.compat.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]
        from tensorboard.summary.writer.record_writer import RecordWriter

        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"a folder that can be made, {folder}", reason(error), cause(error, "a disk that was away"),
                move(error, "name another folder, and go on with --resume"),
            ) from error  # fmt: skip
        now = time.time_ns()  # TensorBoard reads the files of a folder in the order of their names
        name = f"events.out.tfevents.{now // 10**9:010d}.{socket.gethostname()}.{os.getpid()}.{now}"
        self._lines, self._event, self._summary = Lines(folder / name), Event, Summary
        self._records = RecordWriter(_Whole(self._lines))
        self._write(file_version="brain.Event:2")
        if purge is not None:
            self._write(step=purge, session_log=SessionLog(status=SessionLog.START))

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Append numbers.

        Args:
            values: by tag.
            step: at which they were so.

        Raises:
            InputError: they cannot be written.
        """
        named = [self._summary.Value(tag=tag, simple_value=float(value)) for tag, value in values.items()]
        self._write(step=step, summary=self._summary(value=named))

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._lines.close()

    def _write(self, **fields: object) -> None:
        self._records.write(self._event(wall_time=time.time(), **fields).SerializeToString())


class _Whole:
    """What a writer of records asks of a file: it gives each of them in one piece."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def write(self, record: bytes) -> None:
        """Append a record, all of it or nothing."""
        self._lines.append(record)
