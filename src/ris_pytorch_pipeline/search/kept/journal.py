"""How is a journal locked and mended? By the kernel, which a killed writer leaves; a line it cut short is cut off."""

import os
import time
from pathlib import Path

from ...errors import InputError
from ...files import reason
from ...files.holding import try_hold
from ...files.regular import descriptor_of
from ..extra import journal, optuna

JOURNAL = "journal.jsonl"
"""Name of the file in the folder of a search."""
_WAIT = 0.002
"""Seconds between two attempts; an append takes about as long."""


class JournalLock(journal.JournalFileOpenLock):
    """The right to append to a journal, which no killed process keeps.

    Whoever gets it first cuts off a last line without an end: its writer was killed in the middle of it, and what is
    appended next would make one line of two. Where the file system cannot hold files, Optuna's own lock is taken, which
    waits half a minute for a killed writer.

    Args:
        path: of the journal; the lock is a file beside it.

    Raises:
        InputError: the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path, self._beside = path, path.with_name(f".{path.name}.held")
        self._descriptor: int | None = None
        try:
            descriptor = self._open()
        except OSError as error:
            raise InputError(
                "a folder that can be written", f"{path.parent}: {reason(error)}", "no permission, or a read-only disk",
                "pick another folder",
            ) from error  # fmt: skip
        self._kernel = _can_hold(descriptor)
        os.close(descriptor)

    def acquire(self) -> bool:
        """Wait for the right, then mend the end of the journal."""
        if self._kernel:
            descriptor = self._open()
            while not _held(descriptor):
                time.sleep(_WAIT)
            self._descriptor = descriptor
        else:
            super().acquire()
        cut_torn_line(self._path)
        return True

    def release(self) -> None:
        """Let the next one write."""
        if self._descriptor is None:
            super().release()
        else:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        return descriptor_of(self._beside, os.O_RDWR | os.O_CREAT)


def _held(descriptor: int) -> bool:
    """Whether this process has the file now."""
    try:
        try_hold(descriptor)
    except BlockingIOError:
        return False
    return True


def _can_hold(descriptor: int) -> bool:
    """Whether this platform and file system know locks of the kernel."""
    try:
        return _held(descriptor) or True
    except OSError:
        return False


def cut_torn_line(path: Path) -> int:
    """Cut off a last line that has no end; the caller has the right to write.

    Args:
        path: of the journal.

    Returns:
        How many bytes were cut off.
    """
    descriptor = descriptor_of(path, os.O_RDWR)
    try:
        size = os.fstat(descriptor).st_size
        whole = _whole(descriptor, size)
        if whole < size:
            os.ftruncate(descriptor, whole)
            os.fsync(descriptor)
        return size - whole
    finally:
        os.close(descriptor)


def _whole(descriptor: int, size: int, block: int = 65536) -> int:
    """Bytes up to the end of the last whole line."""
    end = size
    while end > 0:
        begin = max(0, end - block)
        at = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


def journal_storage(path: Path) -> "optuna.storages.JournalStorage":
    """The trials of a journal.

    Args:
        path: of the file, made if it does not exist.

    Returns:
        The storage.

    Raises:
        InputError: a line in its middle that is no record, or a file that cannot be read.
    """
    lock = JournalLock(path)
    backend = journal.JournalFileBackend(str(path), lock_obj=lock)
    lock.acquire()
    lock.release()
    try:
        return optuna.storages.JournalStorage(backend)
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise InputError(
            f"the journal of a search, {path}", str(error)[:200], "a file of another program, or one that was edited",
            "put the journal itself there, or begin in another folder",
        ) from error  # fmt: skip
