"""May a command write to a path? Asked before its work, and never of a file that it reads."""

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import SceneFileError
from ..files import cause, check_can_write, is_there, reason


def check_writable(path: Path, *, overwrite: bool, read: Iterable[Path | None] = ()) -> None:
    """Refuse to write over a file, or into a folder that does not exist or takes no file: before the work, not after.

    Args:
        path: to write to.
        overwrite: replace an existing file.
        read: what the same command reads, which it never replaces.

    Raises:
        SceneFileError: any of these.
    """
    if is_there(path) and any(is_there(other) and Path(path).samefile(other) for other in read if other is not None):
        raise SceneFileError(
            "a path that is not read as well", f"{path}, which is read", "one name in two places",
            "pick another name: the file would be lost",
        )  # fmt: skip
    if is_there(path) and not overwrite:
        raise SceneFileError(
            "a path with no file yet", f"{path}, which exists", "an earlier run", "pick another name, or pass --force"
        )
    if os.path.isdir(path) or not os.path.isdir(path.absolute().parent):  # noqa: PTH112  (which never raise)
        raise SceneFileError("a file in a folder that exists", str(path), "a mistyped folder", "make the folder first")
    try:
        check_can_write(path)
    except OSError as error:
        raise SceneFileError(
            "a folder that can be written to", f"{path}: {reason(error)}",
            cause(error, "a folder that does not exist"), "try another folder",
        ) from error  # fmt: skip
