"""How arrays are read from HDF5: numeric data sets of this very file, no links into others."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .allocating import allocating_at_most
from .bounded import Source
from .extra import needed
from .parts import complex_of

if TYPE_CHECKING:
    from h5py import File

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BLOCKS = (0, 512, 1024, 2048)
"""Where the signature may stand; MATLAB puts 512 bytes of its own before it."""

_OVERHEAD = 2**28
"""Bytes that the library may take beside the file and its arrays: caches, and tables of groups."""
_COPIES = 4
"""Of an array: as it is stored, unpacked, and two as complex numbers."""


def is_hdf5(source: Source) -> bool:
    """Whether the file begins as HDF5 does."""
    with source.path.open("rb") as file:
        head = file.read(_BLOCKS[-1] + len(_SIGNATURE))
    return any(head[at : at + len(_SIGNATURE)] == _SIGNATURE for at in _BLOCKS)


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """Paths and shapes of the data sets; links are not followed."""
    h5py, shapes = needed("h5py", source), {}

    def visit(name: str, item: Any) -> None:  # noqa: ANN401
        if isinstance(item, h5py.Dataset):
            shapes[name] = tuple(item.shape or ())

    with allocating_at_most(_OVERHEAD + source.size), h5py.File(source.path, "r") as file:
        file.visititems(visit)
    return shapes


def read(source: Source, name: str) -> NDArray[Any]:
    """One data set; a compound of two numbers is complex.

    Raises:
        InputError: not in this file, or not numeric.
    """
    h5py: Any = needed("h5py", source)
    room = _OVERHEAD + source.size
    with allocating_at_most(room):
        file = h5py.File(source.path, "r")
    with file:
        with allocating_at_most(room):
            item = _data_set(h5py, file, name)
        shape, each = tuple(item.shape or ()), item.dtype.itemsize
        source.check_size(shape, each, name)
        with allocating_at_most(room + _COPIES * math.prod(shape) * each):
            return _complex(item[()])


def _data_set(h5py: Any, file: "File", name: str) -> Any:  # noqa: ANN401
    """A numeric data set of this very file.

    Raises:
        InputError: there is none of that name.
    """
    _refuse_links(h5py, file, name)
    item: Any = file.get(name)
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external or item.dtype.hasobject:
        raise InputError(
            f"{name} as a numeric data set of this file", "none, a group, texts, or data kept in another file",
            "a path too short, or a virtual data set", "name a numeric data set, or repack the file",
        )  # fmt: skip
    return item


def _refuse_links(h5py: Any, file: "File", name: str) -> None:  # noqa: ANN401
    """Refuse a path that leads through a link into another file.

    Raises:
        InputError: naming the link.
    """
    parts = name.strip("/").split("/")
    for index in range(1, len(parts) + 1):
        path = "/".join(parts[:index])
        if isinstance(file.get(path, getlink=True), h5py.ExternalLink):
            raise InputError("data of this file", f"{path}, a link", "a file of links", "repack it with h5repack")


def _complex(value: Any) -> NDArray[Any]:  # noqa: ANN401
    array = np.asarray(value)
    if array.dtype.names is not None and len(array.dtype.names) == 2:
        real, imaginary = array.dtype.names
        return complex_of(array[real], array[imaginary])
    return array
