"""What does an ordinary file hold, of a size that its kind can have? Read without waiting at a pipe, written whole."""

import os
import stat
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing is held
    fcntl = None

from .errors import InputError

NO_LINK: int = vars(os).get("O_NOFOLLOW", 0)
"""The flag with which a link is refused."""
_NO_WAIT: int = vars(os).get("O_NONBLOCK", 0)
_STREAMS = {"/dev", "/dev/fd", "/proc/self/fd"}
"""Folders of streams, which are never replaced, even where they lead to a file."""


def read_ordinary(path: Path, kind: str, most: int, flags: int = 0) -> bytes:
    """The content of an ordinary file of at most `most` bytes; `kind` is what it is to be, `flags` are of `os.open`.

    Raises:
        InputError: missing, without permission, no ordinary file, or larger.
    """
    try:
        with open(path, "rb", opener=lambda name, own: os.open(name, own | flags | _NO_WAIT)) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                told = "no ordinary file"
            elif found.st_size > most:
                told = f"{found.st_size} bytes"
            else:
                return file.read(most)
    except (OSError, ValueError) as error:
        told = (isinstance(error, OSError) and error.strerror) or str(error)
    raise InputError(
        f"{kind} of at most {most >> 20} MiB",
        f"{path}: {told}",
        "a wrong path, no permission, or a link or a pipe in its place",
        "pass an ordinary file of that size",
    )


def write_whole(path: Path, text: str | None) -> None:
    """Write a text in place of an old file, which stands until the new one is on the disk; None only tries it.

    Raises:
        InputError: it cannot be written.
    """
    try:
        stream = path.parent.as_posix() in _STREAMS or (path.exists() and not path.is_file())
        if not stream:
            _replace(Path(os.path.realpath(path)), text)
        elif text or path.is_dir():
            with path.open("a", encoding="utf-8") as file:
                file.write(text or "")
    except OSError as error:
        cause = "no such folder, a folder in its place, no permission, or a full disk"
        told = f"{path}: {error.strerror}"
        raise InputError("a file that can be written", told, cause, "pass another, or make room") from error


def _replace(path: Path, text: str | None) -> None:
    part = path.with_name(f".{os.urandom(6).hex()}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            file.write(text or "")
            file.flush()
            os.fsync(file.fileno())
        if text is not None:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def held_elsewhere(descriptor: int) -> bool:
    """Hold an open file until it is closed or the process ends, however it ends; True where another one holds it."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # a file system without locks holds nothing
        return isinstance(error, BlockingIOError)
    return False
