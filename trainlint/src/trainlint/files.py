"""What does an ordinary file hold, of a size that its kind can have? Read without waiting at a pipe."""

import os
import stat
from pathlib import Path

from .errors import InputError

NO_LINK: int = vars(os).get("O_NOFOLLOW", 0)
"""The flag with which a link is refused."""
_NO_WAIT: int = vars(os).get("O_NONBLOCK", 0)


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
