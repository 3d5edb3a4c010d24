"""How does a file of lines grow? A whole line at a time, and every failure names the file and its cause."""

import os
from pathlib import Path

from ..errors import InputError
from .atomic import append_whole
from .causes import cause
from .regular import descriptor_of, reason


class Lines:
    """A file that lines are appended to; no half of a line stays in it where the disk is full.

    Args:
        path: of the file, made if it does not exist; a link or device is refused.

    Raises:
        InputError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor: int | None = descriptor_of(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        except OSError as error:
            raise self._refused(error) from error

    def write(self, text: str) -> None:
        """Append a line; it has left this process when the call returns.

        Args:
            text: the line, its end included.

        Raises:
            InputError: it cannot be written.
        """
        self.append(text.encode("utf-8", "backslashreplace"))

    def append(self, content: bytes) -> None:
        """Append bytes, all of them or none.

        Args:
            content: a record of a file that has no lines.

        Raises:
            InputError: they cannot be written.
        """
        if self._descriptor is None:
            return
        try:
            append_whole(self._descriptor, content)
        except OSError as error:
            raise self._refused(error) from error

    def fileno(self) -> int:
        """The descriptor.

        Raises:
            InputError: the file is closed.
        """
        if self._descriptor is None:
            raise InputError("an open file", f"{self.path}, closed", "a line after the end", "open it again")
        return self._descriptor

    def check_place(self) -> None:
        """Refuse to go on where the file was removed or replaced meanwhile: its lines would go nowhere.

        Raises:
            InputError: another file, or none, has its name.
        """
        mine = os.fstat(self.fileno())
        try:
            there = os.lstat(self.path)
        except OSError as error:
            raise self._gone(reason(error)) from error
        if (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            raise self._gone("another file of that name")

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _gone(self, got: str) -> InputError:
        return InputError(
            f"{self.path} where it was opened", got, "the file was removed or replaced while it was written",
            "put nothing else there, and go on from the last checkpoint (--resume)",
        )  # fmt: skip

    def _refused(self, error: OSError) -> InputError:
        return InputError(
            f"a file that can be written, {self.path}", reason(error), cause(error, "a folder that is gone"),
            "free some space or mend the path; what was written before is kept",
        )  # fmt: skip
