"""Why did an operation on a file fail, and what is to be done about it? Told by the number of its error."""

import errno
import os
from pathlib import Path

ODD = "no ordinary file (a folder, a pipe, a socket or a device)"
"""What an error says of something that is there and is no file."""
_DENIED = "no permission", "ask its owner for it: `ls -ld` of the path and of its folders names the owner"
_LINK = "a link of that name", "name the file that it leads to"
_FULL = "a full disk", "free some space"
_KNOWN = {
    errno.EACCES: _DENIED, errno.EPERM: _DENIED,
    errno.ELOOP: _LINK, errno.EMLINK: _LINK,
    errno.ENOSPC: _FULL, errno.EDQUOT: _FULL,
    errno.EROFS: ("a read-only disk", "name a place that can be written"),
    errno.ENOTDIR: ("a file where the path goes on as through a folder", "check the path"),
    errno.EISDIR: ("a folder of that name", "name a file"),
    errno.EEXIST: ("a file of that name", "pick another name"),
    errno.ENAMETOOLONG: ("a text in the place of a path", "check the path"),
    errno.EFBIG: ("a file of another kind, or a limit on the size of files", "name the right one, or see `ulimit -f`"),
    errno.EIO: ("a damaged disk", "copy what can be read to another one"),
    errno.ESTALE: ("a network disk that was away", "run the same command again"),
}  # fmt: skip
_ODD = "a folder, a pipe or a device of that name", "name an ordinary file"


def cause(error: Exception, otherwise: str) -> str:
    """The likely cause of a failure.

    >>> cause(PermissionError(13, "Permission denied"), "a mistyped path")
    'no permission'
    >>> cause(FileNotFoundError(2, "No such file or directory"), "a mistyped path")
    'a mistyped path'

    Args:
        error: what was raised.
        otherwise: of an error that does not tell its own, such as a missing file.
    """
    return _told(error, (otherwise, ""))[0]


def move(error: Exception, otherwise: str) -> str:
    """The next move after a failure.

    Args:
        error: what was raised.
        otherwise: after an error that does not tell its own.
    """
    return _told(error, ("", otherwise))[1]


def _told(error: Exception, otherwise: tuple[str, str]) -> tuple[str, str]:
    if not isinstance(error, OSError):
        return otherwise
    if error.strerror == ODD:
        return _ODD
    return _KNOWN.get(error.errno or 0, otherwise)


def is_missing(path: Path) -> bool:
    """Whether nothing is at a path; False where nobody may look, so that opening it tells why."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False
