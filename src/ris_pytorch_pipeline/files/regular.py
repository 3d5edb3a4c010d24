"""Is there an ordinary file? Opened without following a link and without waiting at a pipe."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from .causes import ODD

SAFE = sum(vars(os).get(name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
"""Flags of every open: no link is followed, no pipe is waited at, no child inherits the file."""


def open_regular(path: Path) -> BinaryIO:
    """Open an ordinary file for reading.

    Args:
        path: of the file; its last part may not be a link, its folders may.

    Returns:
        The file, open for bytes and without a buffer of its own.

    Raises:
        OSError: missing, without permission, a link, a folder, a pipe or a device.
    """
    return os.fdopen(descriptor_of(path, os.O_RDONLY), "rb", buffering=0)


def descriptor_of(path: Path, flags: int) -> int:
    """Open an ordinary file and return its descriptor.

    Args:
        path: of the file.
        flags: of `os.open`; a file that is made gets the mode that the umask leaves of 0666.

    Returns:
        The descriptor; the caller closes it.

    Raises:
        OSError: as `open_regular`.
    """
    try:
        descriptor = os.open(path, flags | SAFE, 0o666)
    except ValueError as error:  # a zero byte in the name
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK}:
            raise OSError(error.errno, "a link, which is not followed", str(path)) from error
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, ODD, str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, ODD, str(path))
    return descriptor


def read_regular(path: Path, most: int) -> bytes:
    """The content of an ordinary file of bounded size.

    Args:
        path: of the file.
        most: bytes that it may have.

    Returns:
        The content.

    Raises:
        OSError: as `open_regular`, or a larger file.
    """
    with open_regular(path) as file:
        larger = os.fstat(file.fileno()).st_size > most  # not read at all: a sparse file has any size on any disk
        content = b"" if larger else file.read(most + 1)
        while not larger and len(content) <= most and (more := file.read(most + 1 - len(content))):
            content += more
    if larger or len(content) > most:
        raise OSError(errno.EFBIG, f"more than {most} bytes, which none of its kind has", str(path))
    return content


def regular_size(path: Path) -> int | None:
    """Bytes of an ordinary file; None where there is none, or a link."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def reason(error: OSError) -> str:
    """Why an operation on a file failed, in a few words and without its number."""
    return error.strerror or str(error)


def is_there(path: Path) -> bool:
    """Whether a name is taken, by a file, a link that leads nowhere, or anything else; False where nobody may look."""
    return os.path.lexists(path)


def check_replaceable(path: Path) -> None:
    """Refuse to replace what is no ordinary file.

    Args:
        path: that will be written to; nothing need be there.

    Raises:
        OSError: a link, a folder, a pipe or a device.
    """
    try:
        kind = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    if stat.S_ISLNK(kind):
        raise OSError(errno.ELOOP, "a link, which is neither followed nor replaced", str(path))
    if not stat.S_ISREG(kind):
        raise OSError(errno.EINVAL, ODD, str(path))
