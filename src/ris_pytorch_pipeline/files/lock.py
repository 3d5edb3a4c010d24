"""Who writes in this folder? One process at a time, held by the kernel, so that a killed one holds nothing."""

import json
import os
import re
import socket
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from ..errors import ConfigurationError
from .causes import cause
from .document import parse_document
from .holding import try_hold
from .regular import descriptor_of, reason, regular_size
from .schema import from_document

LOCK = ".lock"
"""Name of the file that is locked."""


_OLD = re.compile(r"\.tmp[A-Za-z0-9]{6}|\..+\.part")
"""Names of unfinished files, those of earlier versions included."""


def is_working_file(path: Path) -> bool:
    """Whether a file is a lock or an unfinished version of another one: no result of anybody."""
    return path.name == LOCK or _OLD.fullmatch(path.name) is not None


def remove_old_leftovers(folder: Path) -> None:
    """Remove every unfinished file in a folder whose lock this process holds.

    Args:
        folder: of a run or of shards, where no other program keeps files.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if _OLD.fullmatch(path.name) and regular_size(path) is not None:
                path.unlink(missing_ok=True)


class Lock:
    """A folder that this process alone writes in, until the block ends or the process does, however it ends.

    Reading needs no lock. On a file system without locks a warning says so and nothing is held.

    Args:
        folder: which must exist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Lock(Path(folder)):
    ...     try:
    ...         Lock(Path(folder)).__enter__()
    ...     except ConfigurationError as error:
    ...         print(error.cause)
    another run in the same folder
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self._descriptor: int | None = None

    def __enter__(self) -> "Lock":
        """Take the lock, and write down who holds it.

        Raises:
            ConfigurationError: another process holds it, named by its number and machine; or it cannot be made, or is
                somebody else's file, which is kept.
        """
        while self._descriptor is None:
            descriptor = self._opened()
            try:
                try_hold(descriptor)
            except BlockingIOError as error:
                holder = _holder(descriptor)
                os.close(descriptor)
                raise ConfigurationError(
                    f"a folder that no other process writes in, {self.path.parent}", f"{holder}, which does",
                    "another run in the same folder", "wait for it or stop it, or pick another folder",
                ) from error  # fmt: skip
            except OSError as error:
                warnings.warn(f"{self.path}: no lock is held ({reason(error)})", stacklevel=2)
            if self._is_at_place(descriptor):
                self._check_ours(descriptor)
                self._descriptor = descriptor
            else:  # its last holder removed it between the two calls
                os.close(descriptor)
        with suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, _myself(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the folder back."""
        if self._descriptor is not None:
            with suppress(OSError):
                if self._is_at_place(self._descriptor):
                    self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        try:
            return descriptor_of(self.path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise ConfigurationError(
                "a folder that can be written", f"{self.path}: {reason(error)}", cause(error, "a disk that was away"),
                "pick another folder",
            ) from error  # fmt: skip

    def _check_ours(self, descriptor: int) -> None:
        """Refuse a file that holds something else than the name of a killed holder, or a beginning of it.

        Raises:
            ConfigurationError: it does; the descriptor is closed.
        """
        kept = os.pread(descriptor, 4096, 0).rstrip(b"\0")
        if not _BEGINS.startswith(kept[: len(_BEGINS)]):
            os.close(descriptor)
            raise ConfigurationError(
                f"the lock of a folder, {self.path}, or none", "a file of somebody else", "another program's lock",
                "move that file away, or pick another folder",
            )  # fmt: skip

    def _is_at_place(self, descriptor: int) -> bool:
        """Whether the file of that name is the one that was opened."""
        try:
            there = os.lstat(self.path)
        except OSError:
            return False
        mine = os.fstat(descriptor)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


@dataclass(frozen=True)
class _Holder:
    """Who holds a lock."""

    process: int
    machine: str


_BEGINS = b'{"process": '
"""How a holder writes itself down."""


def _myself() -> bytes:
    return json.dumps(asdict(_Holder(os.getpid(), socket.gethostname()))).encode()


def _holder(descriptor: int) -> str:
    """Who holds a lock, as it wrote itself down."""
    try:
        told = from_document(_Holder, parse_document(os.pread(descriptor, 4096, 0)))
        return f"process {told.process} on {told.machine[:64]}"
    except (OSError, ValueError):
        return "a process that has not written its name yet"
