"""Which reader takes which file, and one boundary around all of them: a broken file ends in one clear error."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigurationError, InputError, RisError
from ..experiment.strict import nearest
from .readers import archive, hdf5, matlab, sigmf, table, touchstone
from .readers.bounded import Source, source_in, unreadable


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file.

    >>> [kind.name for kind in FORMATS if ".mat" in kind.suffixes]
    ['MATLAB file']

    Args:
        name: in words.
        suffixes: of its files.
        listing: names and shapes of what is in it.
        read: one array of it.
        columns: whether the first axis runs fastest.
        fields: whether `NAME.FIELD` or `/PATH` may name a part of what is listed.
        patterns: whether a name with `*` or `?` stands for several arrays.
    """

    name: str
    suffixes: tuple[str, ...]
    listing: Callable[[Source], dict[str, tuple[int, ...]]]
    read: Callable[[Source, str], NDArray[Any]]
    columns: bool = False
    fields: bool = False
    patterns: bool = False


FORMATS = (
    Format(name="NumPy file", suffixes=(".npz", ".npy"), listing=archive.listing, read=archive.read),
    Format(
        name="MATLAB file", suffixes=(".mat",), listing=matlab.listing, read=matlab.read, columns=True, fields=True
    ),
    Format(name="HDF5 file", suffixes=(".h5", ".hdf5", ".hdf"), listing=hdf5.listing, read=hdf5.read, fields=True),
    Format(
        name="text table", suffixes=(".csv", ".tsv", ".txt", ".dat"), listing=table.listing, read=table.read,
        patterns=True,
    ),
    Format(name="SigMF recording", suffixes=(".sigmf-meta", ".sigmf-data"), listing=sigmf.listing, read=sigmf.read),
    Format(
        name="Touchstone file", suffixes=tuple(f".s{n}p" for n in range(1, 100)), listing=touchstone.listing,
        read=touchstone.read,
    ),
)  # fmt: skip
"""Every kind of file that is read; a new one is one entry."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """An array as a file holds it.

    Args:
        values: the numbers, in the machine's order of bytes.
        columns: whether the first axis runs fastest, which decides how it is reshaped.
    """

    values: NDArray[Any]
    columns: bool


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Where a mapping's files are.

    >>> import numpy as np
    >>> from pathlib import Path
    >>> np.savez("capture.npz", Y=np.ones((5, 4)) + 0j)
    >>> Folder(path=Path(".")).read("capture.npz", "Y", key="measurements").values.shape
    (5, 4)

    Args:
        path: of the folder.
        limit: bytes that any one array may take.
        remarks: what looks odd in the numbers that were read, in sentences; whoever reads adds to it.
    """

    path: Path
    limit: int = 2**31
    remarks: list[str] = field(default_factory=list)

    def read(self, file: str, name: str, key: str) -> Raw:
        """An array of a file, or of several files stacked on a first axis where the name has `*` or `?`.

        Args:
            file: its name in the folder.
            name: of the array.
            key: of the mapping, for messages.

        Raises:
            ConfigurationError: no such array (the nearest name is suggested), or a kind of file that is not read.
            InputError: a missing, broken or too large file, or one outside the folder.
        """
        if not file:
            raise ConfigurationError(f"file, or {key}.file", "none", "a line left out", "name the data file")
        if not any(mark in file for mark in "*?"):
            return _read(source_in(self.path, file, self.limit), name, key)
        parts, left = list[Raw](), self.limit
        for path in (paths := self._matching(file)):
            parts.append(_read(source_in(self.path, path, self.limit), name, key))
            left -= parts[-1].values.nbytes
            if left < 0:
                raise InputError(
                    f"at most {self.limit / 1e6:.0f} MB in {key}", f"{len(paths)} files with more", "a long capture",
                    "raise --limit-mb, or narrow the pattern",
                )  # fmt: skip
        return _stacked(parts, key)

    def _matching(self, pattern: str) -> list[str]:
        """Files of the folder by a pattern, in the order of the numbers in their names.

        Raises:
            InputError: none, or a pattern that leads out of the folder.
        """
        try:
            paths = sorted((str(p.relative_to(self.path)) for p in self.path.glob(pattern)), key=table.natural)
        except (OSError, ValueError, NotImplementedError) as error:
            raise InputError(
                "a pattern of files beside the mapping", f"{pattern[:80]!r}: {str(error)[:200]}",
                "a path in place of a pattern", "put the files beside the mapping",
            ) from error  # fmt: skip
        if not paths:
            raise InputError(
                f"files {pattern[:80]} beside the mapping", "none", "a misspelt pattern", "list the folder"
            )
        return paths


def format_of(path: Path) -> Format:
    """The format that a file's suffix names.

    Raises:
        ConfigurationError: an unknown suffix.
    """
    known = {suffix: each for each in FORMATS for suffix in each.suffixes}
    suffix = path.suffix.lower()
    if suffix not in known:
        usual = [name for name in known if not name.startswith(".s") or name in {".s1p", ".s2p", ".sigmf-meta"}]
        raise ConfigurationError(
            f"a file of a kind that is read: {', '.join(usual)}", path.name, "another program's own format",
            nearest(suffix, usual) if suffix else "export it as .npz, .mat, .h5 or .csv",
        )  # fmt: skip
    return known[suffix]


def _read(source: Source, name: str, key: str) -> Raw:
    """One array; whatever a reader raises on bytes that it does not understand becomes one error.

    Raises:
        RisError: the file cannot be read, or lacks the array.
        InputError: the array holds no numbers, or none at all.
        unreadable: an `InputError`, the file is broken.
    """
    kind = format_of(source.path)
    try:
        names = kind.listing(source)
        _check_name(source, name, key, names, kind)
        values = kind.read(source, name)
    except RisError:
        raise
    except Exception as error:  # readers of foreign bytes raise anything
        raise unreadable(source, kind.name, error) from error
    if values.dtype.kind not in "biufc":
        raise InputError(f"numbers in {key}", f"{name} of {values.dtype}", "texts, or a structure", "name its field")
    if not values.size:
        raise InputError(f"numbers in {key}", f"{name} of shape {values.shape}", "an empty array", "check the export")
    return Raw(values=values.astype(values.dtype.newbyteorder("="), copy=False), columns=kind.columns)


def _check_name(source: Source, name: str, key: str, names: dict[str, tuple[int, ...]], kind: Format) -> None:
    """Refuse a name that the file does not have.

    Raises:
        ConfigurationError: with the names that it has.
    """
    field = kind.fields and (name.split(".")[0] in names or name.replace(".", "/").strip("/") in names)
    if name in names or field or (kind.patterns and table.matching(list(names), name)):
        return
    shown = ", ".join(f"{each} {'x'.join(map(str, shape))}" for each, shape in list(names.items())[:12])
    raise ConfigurationError(
        f"{key}.array out of {source.path.name}, which has {shown or 'no arrays'}", repr(name), "a misspelt name",
        nearest(name, list(names)),
    )  # fmt: skip


def _stacked(parts: list[Raw], key: str) -> Raw:
    shapes = {part.values.shape for part in parts}
    if len(shapes) > 1:
        raise InputError(
            f"{key} of one shape in all of {len(parts)} files", " and ".join(map(str, sorted(shapes)[:3])),
            "files of two captures", "narrow the pattern",
        )  # fmt: skip
    return Raw(values=np.stack([part.values for part in parts]), columns=False)
