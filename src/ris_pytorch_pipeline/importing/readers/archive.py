"""How arrays are read from .npz and .npy: headers first, never pickles."""

import zipfile
from io import BufferedIOBase
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .bounded import Source

_Bytes = IO[bytes] | BufferedIOBase
_Shape = tuple[int, ...]
_ONLY = "array"
"""Name of the only array of a .npy."""


def listing(source: Source) -> dict[str, _Shape]:
    """Names and shapes of the arrays.

    Raises:
        ValueError: two arrays of one name, of which readers take different ones.
    """
    if source.path.suffix == ".npy":
        with source.path.open("rb") as file:
            return {_ONLY: _header(file)[0]}
    shapes: dict[str, _Shape] = {}
    with zipfile.ZipFile(source.path) as archive:
        for name in archive.namelist():
            array = name.removesuffix(".npy")
            if array in shapes:
                raise ValueError(f"two arrays {array[:80]!r}")
            with archive.open(name) as member:
                shapes[array] = _header(member)[0]
    return shapes


def read(source: Source, name: str) -> NDArray[Any]:
    """One array."""
    if source.path.suffix == ".npy":
        with source.path.open("rb") as file:
            return _array(source, file, name)
    with zipfile.ZipFile(source.path) as archive, archive.open(f"{name}.npy") as member:
        return _array(source, member, name)


def _header(file: _Bytes) -> tuple[_Shape, bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    reads = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    return reads[version](file)  # pyright: ignore[reportArgumentType]


def _array(source: Source, file: _Bytes, name: str) -> NDArray[Any]:
    """The array behind a header, read into memory that was checked first.

    Raises:
        InputError: a pickle.
        EOFError: fewer bytes than the header says.
    """
    shape, fortran, kind = _header(file)
    if kind.hasobject:
        raise InputError(
            f"numbers in {name}", "pickled Python objects", "an object array, which runs code when it is loaded",
            "save it as a numeric array",
        )  # fmt: skip
    source.check_size(shape, kind.itemsize, name)
    needed = int(np.prod(shape)) * kind.itemsize
    content = file.read(needed)
    if len(content) != needed:
        raise EOFError(f"{name} ends after {len(content)} of {needed} bytes")
    return np.frombuffer(content, dtype=kind).reshape(shape, order="F" if fortran else "C")
