"""Which codebooks, channels and arrays does a configuration file bring along? Numbers in files beside it, by name."""

import hashlib
import io
import math
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, NoReturn

from ..errors import ConfigurationError
from ..files import cause, read_regular, reason
from ..physics.arrays import ARRAYS, PANEL, ArrayModel, keep
from ..physics.channels import CHANNELS, ChannelModel
from ..physics.codebooks import CODEBOOKS, Codebook
from .strict import fit

_MOST_BYTES = 2**30
_NO_HEADER = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, SyntaxError, TokenError,
              RecursionError, EOFError)  # fmt: skip
"""What NumPy raises of a header that is none, which it reads as Python."""
_FILE = "file"
ARRAY_FILES = (".toml", ".csv", ".npy")
"""How files of arrays end."""


def with_stored(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The other values of a configuration; its own codebooks, channels and arrays are known by name from now on.

    `[codebooks.NAME]` and `[channels.NAME]` have one key, `file`: a .npy beside the configuration. Codes are
    (snapshot, element), a channel is ([frequency,] antenna, element), both complex, and every scene gets the same.
    `[arrays.NAME]` has it too: TOML of `array_from_file`, or positions alone, see `keep_array`.
    A scenario tells them by name and digest, so that a file that changed is another scenario.

    Args:
        values: of the whole file.
        folder: that the file lies in.

    Raises:
        ConfigurationError: a table of another form, no such file, or a name that the package has.
    """
    rest = dict(values)
    for name, file in _files(rest.pop("codebooks", {}), "codebooks", folder).items():
        digest = _digest(_content(file))
        _add(CODEBOOKS, Codebook(name=name, draw=StoredCodes(file, digest), fixed=True, digest=digest), "codebooks")
    for name, file in _files(rest.pop("channels", {}), "channels", folder).items():
        digest = _digest(_content(file))
        _add(CHANNELS, ChannelModel(name=name, draw=StoredChannel(file, digest), fixed=True, digest=digest), "channels")
    for name, file in _files(rest.pop("arrays", {}), "arrays", folder).items():
        keep_array(name, file)
    return rest


def keep_array(name: str, file: Path) -> str:
    """Know the array of a file by a name; its numbers are read once, so that they are those of its digest.

    Args:
        name: by which scenarios call it.
        file: TOML as `array_from_file` reads it; or positions (element, 3) in metres alone, as .csv or real .npy, which
            take wavelengths and turns of the scenario.

    Returns:
        The name with its digest.

    Raises:
        ConfigurationError: a file that is none of these, or a name that the package has.
        RisError: elements or wavelengths that cannot be.
    """
    if name == PANEL:
        _refuse_taken("arrays", name)
    ARRAYS[name] = _array_of(name, file)
    return keep(ARRAYS[name])


def _array_of(name: str, file: Path) -> ArrayModel:
    from ..physics.array.files import array_from_file, positions_from_csv
    from ..physics.scenes.array_models import given_array, placed_elements

    kind = file.suffix.lower()
    if kind not in (".csv", ".npy"):
        return given_array(name, array_from_file(file))
    return placed_elements(name, positions_from_csv(file) if kind == ".csv" else _positions(file))


def _positions(file: Path) -> Any:  # noqa: ANN401
    """Element positions of a .npy.

    Raises:
        ConfigurationError: a file that cannot be read, or complex numbers.
    """
    elements = _read(file)
    if elements.dtype.kind == "c":
        raise ConfigurationError(
            f"real x, y and z of the elements in {file}", "complex numbers", "codes or a channel in its place",
            "pass positions in metres",
        )  # fmt: skip
    return elements


def stored_files(values: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """The files of a configuration's own codebooks, channels and arrays, by `codebooks.NAME` and the like.

    Args:
        values: of the whole file.
        folder: that the file lies in.

    Raises:
        ConfigurationError: as `with_stored`.
    """
    kinds = ("codebooks", "channels", "arrays")
    return {f"{kind}.{n}": file for kind in kinds for n, file in _files(values.get(kind, {}), kind, folder).items()}


@dataclass(frozen=True)
class StoredCodes:
    """Codes out of a file: as many as there are snapshots, one for each element."""

    path: Path
    digest: str

    def __call__(self, scenes: int, snapshots: int, size: tuple[int, int], bits: int | None, generator: Any) -> Any:  # noqa: ANN401
        """(scene, snapshot, element) in complex128.

        Raises:
            ConfigurationError: a file that cannot be read, or codes for another panel or number of snapshots.
        """
        del bits
        return _loaded(self, (snapshots, size[0] * size[1]), "snapshots, elements", scenes, generator)


@dataclass(frozen=True)
class StoredChannel:
    """A channel out of a file."""

    path: Path
    digest: str

    def __call__(self, factor: Any, antennas: int, array: Any, generator: Any) -> Any:  # noqa: ANN401
        """(scene, [frequency,] antenna, element) in complex128.

        Raises:
            ConfigurationError: a file that cannot be read, or a channel of another shape.
        """
        wide = (array.frequencies,) if array.frequencies > 1 else ()
        words = "frequencies, antennas, elements" if wide else "antennas, elements"
        return _loaded(self, (*wide, antennas, len(array)), words, factor.shape[0], generator)


def _loaded(
    stored: StoredCodes | StoredChannel,
    shape: tuple[int, ...],
    words: str,
    scenes: int,
    generator: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """The array of a file for every scene, on the device of the generator.

    Raises:
        ConfigurationError: a file that cannot be read or has changed, another shape, or values that are not finite.
    """
    import numpy as np
    import torch

    path, content = stored.path, _content(stored.path)
    if _digest(content) != stored.digest:
        raise ConfigurationError(
            f"the content that {path} had when the configuration was read", "another one", "a file written meanwhile",
            "put the former file back, or begin anew with this one",
        )  # fmt: skip
    values = torch.from_numpy(_read(path, content).astype(np.complex128)).to(generator.device)
    if tuple(values.shape) != shape or not bool(values.isfinite().all()):
        raise ConfigurationError(
            f"finite numbers of shape {shape} ({words}) in {path}", str(tuple(values.shape)),
            "another array, or another number of snapshots or antennas", "set the counts to those of the file",
        )  # fmt: skip
    return values.expand(scenes, *shape).clone()


def _read(path: Path, content: bytes | None = None) -> Any:  # noqa: ANN401
    """The array of a .npy.

    Raises:
        ConfigurationError: a file that cannot be read, or that holds no numbers.
    """
    try:
        return _numbers(_content(path) if content is None else content)
    except _NO_HEADER as error:
        raise ConfigurationError(
            f"numbers in {path}", str(error)[:200], "a file of another kind, or pickled objects", "write it by np.save"
        ) from error


def _numbers(content: bytes) -> Any:  # noqa: ANN401
    """The array of a .npy, once its header is known to fit the file.

    Raises:
        ValueError: a header that says more than the file holds, or other values than numbers.
    """
    import numpy as np

    file, form = io.BytesIO(content), np.lib.format
    versions = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
    version = form.read_magic(file)
    if version not in versions:
        raise ValueError(f"a .npy of version {version}")
    shape, fortran, kind = versions[version](file)
    if kind.kind not in "biufc":
        raise ValueError(f"values of type {kind}, which are no numbers")
    if min(shape, default=1) < 0 or math.prod(shape) * kind.itemsize != len(content) - file.tell():
        raise ValueError(f"a header of {shape} numbers of type {kind}, in {len(content)} bytes")
    return np.frombuffer(content, dtype=kind, offset=file.tell()).reshape(shape, order="F" if fortran else "C")


def _content(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise ConfigurationError(
            "a readable .npy file",
            f"{path}: {reason(error)}",
            cause(error, "a file that was moved"),
            "check `file`",
        ) from error


def _digest(content: bytes) -> str:
    """64 bits of a SHA-256, which tell damage and another file, not a forger."""
    return hashlib.sha256(content).hexdigest()[:16]


def _files(tables: Any, kind: str, folder: Path) -> dict[str, Path]:  # noqa: ANN401
    """Name -> file of the tables of a kind.

    Raises:
        ConfigurationError: something else than tables with the one key `file`, or a file that is not there.
    """
    whole = isinstance(tables, Mapping) and all(isinstance(t, Mapping) and set(t) == {_FILE} for t in tables.values())
    if not whole:
        raise ConfigurationError(
            f"tables [{kind}.NAME] with the key `file`", repr(tables)[:80], "another key, or no table",
            f'write [{kind}.mine] and below it file = "mine.npy"',
        )  # fmt: skip
    found = {name: folder / fit(str, table[_FILE], f"{kind}.{name}.file") for name, table in tables.items()}
    for name, file in found.items():
        if not file.is_file():
            raise ConfigurationError(
                f"the file of {kind}.{name}", f"none at {file}", "a path that is not relative to the configuration",
                "put it beside the configuration",
            )  # fmt: skip
    return found


def _add(registry: MutableMapping[str, Any], entry: Codebook | ChannelModel, kind: str) -> None:
    """Keep an entry; one of a configuration that was read before is replaced.

    Raises:
        ConfigurationError: a name that belongs to something else.
    """
    known = registry.get(entry.name)
    if known is not None and not isinstance(known.draw, (StoredCodes, StoredChannel)):
        _refuse_taken(kind, entry.name)
    registry[entry.name] = entry


def _refuse_taken(kind: str, name: str) -> NoReturn:
    """Refuse a name that belongs to something else.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(
        f"a name of its own for {kind}.{name}", "one that is taken", "a name that the package uses",
        "choose another name",
    )  # fmt: skip
