"""Can a folder for results be made and written to? Asked before the work, and made where it is to be written."""

from pathlib import Path

from ..errors import ConfigurationError
from .atomic import check_can_write
from .causes import cause, move
from .regular import is_there, reason


def check_can_make(folder: Path) -> None:
    """Refuse, before any work, a folder that cannot be made or written to; nothing is made.

    >>> check_can_make(Path("results/tonight"))

    Args:
        folder: of results; nothing need be there.

    Raises:
        ConfigurationError: it cannot be made, or not written to.
    """
    place = next(place for place in (folder, *folder.absolute().parents) if is_there(place))
    try:
        check_can_write(place / "written")
    except OSError as error:
        raise ConfigurationError(
            "a directory that can be made and written to", f"{place}: {reason(error)}",
            cause(error, "a file of that name"), move(error, "pick another directory"),
        ) from error  # fmt: skip


def make_folder(folder: Path) -> None:
    """Make a folder for results, and those above it, unless it is there.

    Args:
        folder: of the results.

    Raises:
        ConfigurationError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "a folder to write to", f"{folder}: {reason(error)}", cause(error, "a folder that is gone"),
            "pick another folder",
        ) from error  # fmt: skip
