"""How arrays are read from .mat: version 5 by scipy, version 7.3 as the HDF5 file that it is."""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, whosmat

from ...errors import InputError
from . import hdf5
from .bounded import Source

_COMPRESSED = 15
"""Type number of a compressed element of a .mat."""
_HEADER = 128
_CHUNK = 2**20


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the variables; fields of a structure are not listed."""
    if hdf5.is_hdf5(source):
        return {name: shape[::-1] for name, shape in hdf5.listing(source).items() if not name.startswith("#")}
    return {name: tuple(shape) for name, shape, _ in whosmat(str(source.path))}


def read(source: Source, name: str) -> NDArray[Any]:
    """One variable, or the field of a structure, `capture.Y`; axes in MATLAB's order in both versions.

    Raises:
        InputError: no such field, or a file beyond the limit.
    """
    if hdf5.is_hdf5(source):
        return hdf5.read(source, name.replace(".", "/")).T
    _check_inflated(source)
    variable, *names = name.split(".")
    shapes = {each: shape for each, shape, _ in whosmat(str(source.path))}
    source.check_size(tuple(shapes[variable]), 16, name)
    value = loadmat(str(source.path), variable_names=[variable])[variable]
    for each in names:
        if value.dtype.names is None or each not in value.dtype.names or value.size != 1:
            raise InputError(
                f"a field {each!r} of a 1 x 1 structure", f"fields {', '.join(value.dtype.names or ()) or 'none'}",
                "a misspelt field, or an array of structures", "name a numeric field",
            )  # fmt: skip
        value = value[each].item()
    return np.asarray(value)


def _check_inflated(source: Source) -> None:
    """Refuse a file whose compressed variables are beyond the limit together, without keeping what they inflate to."""
    content = source.path.read_bytes() if source.size <= source.limit else b""
    source.check_whole()
    order = "<" if content[126:128] == b"IM" else ">"
    place, total = _HEADER, 0
    while place + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, place)
        if kind == _COMPRESSED:
            total += _inflated(content[place + 8 : place + 8 + size], source.limit - total)
            source.check_size((total,), 1, "variables")
        place += 8 + size


def _inflated(content: bytes, limit: int) -> int:
    """Bytes that a compressed element inflates to; stops counting once they are beyond the limit."""
    stream, total = zlib.decompressobj(), 0
    while content and total <= limit:
        total += len(stream.decompress(content, _CHUNK))
        content = stream.unconsumed_tail
    return total
