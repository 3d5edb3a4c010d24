"""How arrays are read from HDF5: numeric data sets of this very file, no links into others."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .allocating import allocating_at_most
from .bounded import Source
from .extra import needed
from .parts import complex_of, of_cells

if TYPE_CHECKING:
    from h5py import Group

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
    """One data set; a compound of two numbers is complex. References are followed, and their axes come first.

    Raises:
        InputError: not in this file, or not numeric.
    """
    shape, parts = parts_of(source, name)
    if shape is None:
        return parts[0]
    stacked = of_cells((len(parts),), parts, name)
    return stacked.reshape(*shape, *stacked.shape[1:])


def parts_of(source: Source, name: str) -> tuple[tuple[int, ...] | None, list[NDArray[Any]]]:
    """One data set and None; or the shape of a data set of references, and what they lead to in this very file.

    MATLAB keeps cells, and the fields of an array of structures, as references.

    Raises:
        InputError: not in this file, or not numeric.
    """
    h5py: Any = needed("h5py", source)
    room = _OVERHEAD + source.size
    with allocating_at_most(room):
        file = h5py.File(source.path, "r")
    with file:
        with allocating_at_most(room):
            item, rest = _found(h5py, file, name)
        if not _is_references(h5py, item) or item.shape is None:  # a null data space has no references
            return None, [_values(h5py, source, item, name, source.limit)]
        source.check_size(tuple(item.shape), item.dtype.itemsize, name)
        parts, left = list[NDArray[Any]](), source.limit
        for reference in np.ravel(item[()]):
            held: Any = file[reference] if reference else None
            held = _found(h5py, held, rest)[0] if rest and isinstance(held, h5py.Group) else held
            parts.append(_values(h5py, source, held, name, left))
            left -= parts[-1].nbytes
        return tuple(item.shape), parts


def _found(h5py: Any, group: "Group", name: str) -> tuple[Any, str]:  # noqa: ANN401
    """What is at a path, or the references on the way to it and the rest of the path.

    Raises:
        InputError: a link into another file.
    """
    _refuse_links(h5py, group, name)
    parts = name.strip("/").split("/")
    for index in range(1, len(parts)):
        item: Any = group.get("/".join(parts[:index]))
        if _is_references(h5py, item):
            return item, "/".join(parts[index:])
    return group.get(name), ""


def _is_references(h5py: Any, item: Any) -> bool:  # noqa: ANN401
    """Whether this is a data set of references to other objects of the file."""
    whole = isinstance(item, h5py.Dataset) and not item.is_virtual and not item.external
    return whole and h5py.check_ref_dtype(item.dtype) is h5py.Reference


def _values(h5py: Any, source: Source, item: Any, name: str, left: int) -> NDArray[Any]:  # noqa: ANN401
    """The numbers of a data set of this very file.

    Raises:
        InputError: no such data set, or more than is left of the limit.
    """
    if isinstance(item, h5py.Group):
        inside = ", ".join(item)[:200] or "nothing"
        raise InputError(f"numbers in {name}", f"a structure, or a group, of {inside}", "one level too high",
                         "name a numeric data set, or field, in it")  # fmt: skip
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external or item.dtype.hasobject:
        raise InputError(
            f"{name} as a numeric data set of this file", "none, texts, cells in cells, or data kept in another file",
            "a path too short, or a virtual data set", "name a numeric data set, or repack the file",
        )  # fmt: skip
    if item.attrs.get("MATLAB_empty"):
        raise InputError(f"numbers in {name}", "an empty array", "a cell or a field left empty", "check the export")
    shape, each = tuple(item.shape or ()), item.dtype.itemsize
    replace(source, limit=left).check_size(shape, each, name)
    with allocating_at_most(_OVERHEAD + source.size + _COPIES * math.prod(shape) * each):
        return _complex(item[()])


def _refuse_links(h5py: Any, group: "Group", name: str) -> None:  # noqa: ANN401
    """Refuse a path that leads through a link into another file.

    Raises:
        InputError: naming the link.
    """
    parts = name.strip("/").split("/")
    for index in range(1, len(parts) + 1):
        path = "/".join(parts[:index])
        if isinstance(group.get(path, getlink=True), h5py.ExternalLink):
            raise InputError("data of this file", f"{path}, a link", "a file of links", "repack it with h5repack")


def _complex(value: Any) -> NDArray[Any]:  # noqa: ANN401
    array = np.asarray(value)
    if array.dtype.names is not None and len(array.dtype.names) == 2:
        real, imaginary = array.dtype.names
        return complex_of(array[real], array[imaginary])
    return array
