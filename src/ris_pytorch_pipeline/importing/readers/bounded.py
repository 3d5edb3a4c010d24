"""What keeps a reader bounded: files inside one folder, sizes checked before anything is allocated."""

import math
import stat
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...files import reason


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file, and how much of it may be read.

    Args:
        path: of the file, resolved.
        folder: that every further file has to lie in, resolved.
        limit: bytes that any one array may take.
    """

    path: Path
    folder: Path
    limit: int

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def beside(self, name: str) -> "Source":
        """Another file of the same folder."""
        return source_in(self.folder, str(self.path.parent.relative_to(self.folder) / name), self.limit)

    def check_size(self, shape: tuple[int, ...], item: int, what: str) -> None:
        """Refuse an array before it is allocated.

        Raises:
            InputError: with its size and the limit.
        """
        needed = math.prod(shape) * item
        if needed > self.limit or any(n < 0 for n in shape):
            raise InputError(
                f"{what} of at most {self.limit / 1e6:.0f} MB", f"shape {shape}, {needed / 1e6:.0f} MB",
                "a broken file, or more data than fits", "raise --limit-mb, or cut the capture into parts",
            )  # fmt: skip

    def check_whole(self) -> None:
        """Refuse a file that is itself beyond the limit, for formats that are read whole."""
        self.check_size((self.size,), 1, self.path.name)


def source_in(folder: Path, name: str, limit: int) -> Source:
    """A regular file inside a folder; links that lead out of it are not followed.

    Raises:
        InputError: absolute, outside, missing, or no regular file.
        _forbidden: an `InputError`, nobody may look there.
    """
    folder = folder.resolve()
    path = folder / name
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except PermissionError as error:
        raise _forbidden(name, error) from error
    except (OSError, ValueError) as error:  # a name too long, or with a zero byte
        raise InputError(
            f"a file {name[:80]!r}", str(error)[:200], "a misspelt name", f"look into {folder.name}"
        ) from error
    if Path(name).is_absolute() or not path.resolve().is_relative_to(folder):
        raise InputError(
            "files in the mapping's own folder", name, "a path, or a link, that leads out of it",
            "put the mapping beside the data",
        )  # fmt: skip
    if not path.exists():
        raise InputError(f"a file {name} beside the mapping", "none", "a misspelt name", f"look into {folder.name}")
    if not stat.S_ISREG(path.resolve().stat().st_mode):
        raise InputError(f"a regular file {name}", "a folder, pipe or device", "a misspelt name", "name a data file")
    return Source(path=path.resolve(), folder=folder, limit=limit)


def _forbidden(name: str, error: PermissionError) -> InputError:
    return InputError(
        f"a file {name[:80]!r} that may be read", reason(error), "a file or folder of another user",
        "ask for the right to read it, or copy it",
    )  # fmt: skip


def unreadable(source: Source, kind: str, error: Exception) -> InputError:
    """What to say of a file that its reader does not understand, or may not read."""
    if isinstance(error, PermissionError):
        return _forbidden(source.path.name, error)
    return InputError(
        f"a readable {kind}", f"{source.path.name}: {type(error).__name__}: {str(error)[:200]}",
        "a download or copy cut short, or a file of another kind under this name", "copy it again, or export it anew",
    )  # fmt: skip
