"""How is a journal locked and mended? By the kernel, which a killed writer leaves; a line it cut short is cut off."""

import os
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files import append_whole, cause, move, reason
from ...files.holding import try_hold
from ...files.regular import descriptor_of
from ...foreign import odd_values
from ..extra import journal, optuna
from .record import AFTER, checksum_of, line_of, out_of_place, record_of
from .tail import LONGEST, changed, check_tail, cut_torn_line, last_line

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
                "a folder that can be written", f"{path.parent}: {reason(error)}", cause(error, "a disk that was away"),
                "pick another folder",
            ) from error  # fmt: skip
        self._kernel = _can_hold(descriptor)
        os.close(descriptor)

    def acquire(self) -> bool:
        """Wait for the right, then mend the end of the journal."""
        if self._kernel:
            descriptor = self._open()
            try:
                while not _held(descriptor):
                    time.sleep(_WAIT)
            except BaseException:
                os.close(descriptor)
                raise
            self._descriptor = descriptor
        else:
            super().acquire()
        try:
            cut_torn_line(self._path)
        except BaseException:  # else nobody gets the right as long as this process lives
            self.release()
            raise
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


class ReadJournal(journal.BaseJournalBackend):
    """A journal that is read alone: nothing is locked, mended or made, so that a folder of somebody else will do.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begins = {0: (0, checksum_of(b""))}

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Refuse to append.

        Raises:
            InputError: always.
        """
        raise InputError(
            "a journal that is open for writing", f"{self._path}, open for reading", "a search that is shown alone",
            "take open_storage",
        )  # fmt: skip

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The records from a number on.

        Each has a checksum, `crc`, that is compared, and `after`, that of the line before it; a journal that was begun
        without has none.

        Yields:
            Each as it was appended.

        Raises:
            InputError: the journal cannot be read, a record was changed since, or lines were taken out or put in.
        """
        with self._opened() as file:
            checked = _is_checked(file)
            at, before = self._begins[log_number_from]
            file.seek(at)
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), start=log_number_from):
                if not line.endswith(b"\n"):  # which somebody is writing
                    check_tail(self._path, line)
                    return
                log = record_of(line, checked=checked)
                if log is None:
                    raise InputError(*changed(self._path, f"line {number + 1}, which is none or has another checksum"))
                if log.pop(AFTER, before) != before:
                    raise InputError(*out_of_place(self._path, number + 1))
                at, before = at + len(line), checksum_of(line)
                self._begins[number + 1] = at, before
                yield log

    def _opened(self) -> BufferedReader:
        try:
            return os.fdopen(descriptor_of(self._path, os.O_RDONLY), "rb")
        except OSError as error:
            raise InputError(
                "a journal that can be read", f"{self._path}: {reason(error)}", cause(error, "a folder that is gone"),
                move(error, "check the path"),
            ) from error  # fmt: skip


class CheckedJournal(ReadJournal):
    """A journal that is appended to, each record with its checksum; Optuna reads it too.

    Args:
        path: of the file, made if it does not exist.
        lock: who may append.

    Raises:
        InputError: it cannot be made.
    """

    def __init__(self, path: Path, lock: JournalLock) -> None:
        super().__init__(path)
        self._lock = lock
        try:
            os.close(descriptor_of(path, os.O_WRONLY | os.O_CREAT))
        except OSError as error:
            raise self._unwritten(error) from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records, all of them or none.

        Raises:
            InputError: the journal cannot be written, or a record is longer than any reader takes.
        """
        self._lock.acquire()
        try:
            with self._opened() as file:
                checked, before = _is_checked(file), last_line(file)
            lines: list[str] = []
            for log in logs:
                lines.append(line_of(log, checksum_of(before) if checked else None))
                before = lines[-1].encode()
            descriptor = descriptor_of(self._path, os.O_WRONLY | os.O_APPEND)
            try:
                append_whole(descriptor, "".join(lines).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unwritten(error) from error
        finally:
            self._lock.release()

    def _unwritten(self, error: OSError) -> InputError:
        return InputError(
            "a journal that can be written", f"{self._path}: {reason(error)}", cause(error, "a folder that is gone"),
            move(error, "free some space, and go on with --resume"),
        )  # fmt: skip


def _is_checked(file: BufferedReader) -> bool:
    """Whether the first record has a checksum; so will that of an empty journal."""
    first = file.readline(LONGEST)
    return not first or b'"crc":"' in first


def journal_storage(path: Path) -> "optuna.storages.JournalStorage":
    """The trials of a journal, to go on with.

    Args:
        path: of the file, made if it does not exist.

    Returns:
        The storage.

    Raises:
        InputError: a line in its middle that is no record, or a file that cannot be read or written.
    """
    lock = JournalLock(path)
    backend = CheckedJournal(path, lock)
    lock.acquire()
    lock.release()
    return _replayed(path, backend)


def read_journal(path: Path) -> "optuna.storages.JournalStorage":
    """The trials of a journal, to look at.

    Args:
        path: of the file.

    Returns:
        The storage; what writes to it is refused.

    Raises:
        InputError: a line that is no record, or a file that cannot be read.
    """
    return _replayed(path, ReadJournal(path))


def _replayed(path: Path, backend: ReadJournal) -> "optuna.storages.JournalStorage":
    here = "put the journal itself there, or begin in another folder"
    with odd_values("the journal of a search", path, here, AssertionError):
        return optuna.storages.JournalStorage(backend)
