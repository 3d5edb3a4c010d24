"""How is a file written whole or not at all? Beside its place first, forced to the disk, then renamed."""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .holding import try_hold
from .regular import check_replaceable, descriptor_of

Bytes = bytes | bytearray | memoryview
"""What can be written."""
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""How file systems without hard links answer."""


def write_whole(path: Path, chunks: Iterable[Bytes], *, overwrite: bool = True) -> None:
    """Write a file; after a kill or a full disk there is the old one, or none, and no half of the new one.

    Args:
        path: of the file.
        chunks: its content, piece by piece.
        overwrite: replace a file that is there.

    Raises:
        OSError: it cannot be written, it exists and `overwrite` is False, or a link or device is in its place.
    """
    with replacing(path, overwrite=overwrite) as file:
        for chunk in chunks:
            _write_all(file, chunk)


@contextmanager
def replacing(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place when the block ends well and is removed when it does not.

    Args:
        path: of the file.
        overwrite: replace a file that is there.

    Yields:
        The file, without a buffer.

    Raises:
        OSError: as `write_whole`.
        FileExistsError: of these, that it exists.
    """
    check_replaceable(path)
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "it exists", str(path))
    remove_leftovers(path)
    part = _unfinished(path)
    file = os.fdopen(descriptor_of(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb", buffering=0)
    try:
        with file:
            _hold(file.fileno())
            yield file
            os.fsync(file.fileno())
            check_replaceable(path)
            _take_place(part, path, overwrite=overwrite)
        sync_folder(path.parent)
    except OSError as error:
        if (
            error.filename is None and error.errno is not None
        ):  # of a write, which would look like one to standard output
            error.filename = str(path)
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check_can_write(path: Path) -> None:
    """Find out whether a file could be written, by making an empty one beside its place and removing it.

    Args:
        path: of the file; nothing need be there.

    Raises:
        OSError: no permission, a read-only or full disk, or a link or device in its place.
    """
    check_replaceable(path)
    part = _unfinished(path)
    os.close(descriptor_of(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    part.unlink(missing_ok=True)


def append_whole(descriptor: int, text: bytes) -> None:
    """Append a line to an open file; where it does not fit, what was written of it is taken back.

    Args:
        descriptor: of a file opened for appending.
        text: the line, its end included.

    Raises:
        OSError: it cannot be written.
    """
    before = os.fstat(descriptor).st_size
    done = 0
    try:
        while done < len(text):
            done += os.write(descriptor, text[done:])
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def remove_leftovers(path: Path) -> None:
    """Remove what writers of this file left beside it when they were killed; those still writing are left alone.

    Args:
        path: of the file.
    """
    try:
        found = [entry.path for entry in os.scandir(path.parent) if entry.name.startswith(_stem(path))]
    except OSError:  # writing will say what is wrong
        return
    for left in found:
        _remove_if_abandoned(Path(left))


def sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk, where its file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_all(file: BinaryIO, chunk: Bytes) -> None:
    rest = memoryview(chunk).cast("B")
    while rest:
        rest = rest[file.write(rest) :]


def _stem(path: Path) -> str:
    """How the names of a file's unfinished versions begin: short, since a name may be as long as names can be."""
    return f".{hashlib.blake2s(os.fsencode(path.name), digest_size=6).hexdigest()}."


def _unfinished(path: Path) -> Path:
    """A name beside a file for its next version, which nobody else takes."""
    return path.with_name(f"{_stem(path)}{os.getpid()}-{secrets.token_hex(4)}.part")


def _hold(descriptor: int) -> None:
    """Mark an unfinished file as being written, until its writer closes it or dies."""
    with suppress(OSError):  # a file system without locks: its leftovers stay
        try_hold(descriptor)


def _remove_if_abandoned(part: Path) -> None:
    with suppress(OSError):
        descriptor = descriptor_of(part, os.O_RDONLY)
        try:
            try_hold(descriptor)
            part.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _take_place(part: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        part.replace(path)
        return
    try:
        os.link(part, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "it exists", str(path)) from error
        part.replace(path)
