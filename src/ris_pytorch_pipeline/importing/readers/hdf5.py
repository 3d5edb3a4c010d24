"""How arrays are read from HDF5: numeric data sets of this very file, no links into others."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .bounded import Source
from .extra import needed
from .parts import complex_of

if TYPE_CHECKING:
    from h5py import File

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BLOCKS = (0, 512, 1024, 2048)
"""Where the signature may stand; MATLAB puts 512 bytes of its own before it."""


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

    with h5py.File(source.path, "r") as file:
        file.visititems(visit)
    return shapes


def read(source: Source, name: str) -> NDArray[Any]:
    """One data set; a compound of two numbers is complex.

    Raises:
        InputError: not in this file, or not numeric.
    """
    h5py = needed("h5py", source)
    with h5py.File(source.path, "r") as file:
        _refuse_links(h5py, file, name)
        item = file.get(name)
        if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external or item.dtype.hasobject:
            raise InputError(
                f"{name} as a numeric data set of this file", "none, a group, texts, or data kept in another file",
                "a path too short, or a virtual data set", "name a numeric data set, or repack the file",
            )  # fmt: skip
        source.check_size(tuple(item.shape or ()), item.dtype.itemsize, name)
        return _complex(item[()])


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
