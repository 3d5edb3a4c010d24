"""How arrays are read from .mat: version 5 as its elements, version 7.3 as the HDF5 file that it is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from . import hdf5, matlab5
from .bounded import Source
from .parts import of_cells


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the variables; fields of a structure are not listed."""
    if hdf5.is_hdf5(source):
        return {name: shape[::-1] for name, shape in hdf5.listing(source).items() if not name.startswith("#")}
    return {name: held.shape for name, held in _variables(source).items()}


def read(source: Source, name: str) -> NDArray[Any]:
    """One variable, or the field of a structure, `capture.Y`; axes in MATLAB's order in both versions.

    Equal arrays in cells, or in a field of an array of structures, are stacked: the axes of the cells come first.

    Raises:
        InputError: no such field, no numbers, or more than the limit.
    """
    if hdf5.is_hdf5(source):
        shape, parts = hdf5.parts_of(source, name.replace(".", "/"))
        return parts[0].T if shape is None else of_cells(shape[::-1], [part.T for part in parts], name)
    variable, *names = name.split(".")
    return _read(source, _variables(source)[variable], names, name)


def _read(
    source: Source, held: matlab5.Variable, names: Sequence[str], name: str, *, in_cell: bool = False
) -> NDArray[Any]:  # fmt: skip
    """The numbers of a variable, or of the fields and cells in it.

    Raises:
        InputError: see `read`, and cells in cells.
    """
    if in_cell and held.has_cells:
        raise InputError(
            f"numbers, or structures of them, in the cells of {name}", "cells in cells",
            "scenes and their parts both kept in cells", "make an array of the inner ones with cell2mat",
        )  # fmt: skip
    with _bounded(source):
        cells = matlab5.cells(held, source.limit) if held.has_cells else None
        inside = matlab5.records(held, source.limit) if names else []
    if cells is not None:
        parts = [np.zeros((0, 0)) if one is None else _read(source, one, names, name, in_cell=True) for one in cells]
        return _stacked(source, held.shape, parts, name)
    if names:
        parts = [_read(source, _field(each, names[0]), names[1:], name, in_cell=in_cell) for each in inside or [{}]]
        return parts[0] if len(parts) == 1 else _stacked(source, held.shape, parts, name)
    if held.other:
        raise InputError(f"numbers in {name}", held.other, "another variable, or one level too high", _as_numbers(held))
    source.check_size(held.shape, 16, name)
    with _bounded(source):
        return np.ascontiguousarray(matlab5.numbers(held, source.limit))


def _field(inside: dict[str, matlab5.Variable], name: str) -> matlab5.Variable:
    """A field of a structure.

    Raises:
        InputError: there is none of that name.
    """
    if name not in inside:
        raise InputError(
            f"a field {name!r} of a structure", f"fields {', '.join(inside)[:200] or 'none'}",
            "a misspelt field", "name a numeric field",
        )  # fmt: skip
    return inside[name]


def _stacked(source: Source, shape: tuple[int, ...], parts: list[NDArray[Any]], name: str) -> NDArray[Any]:
    """The arrays of cells as one, once it is known to fit."""
    source.check_size((sum(part.size for part in parts),), 16, name)
    return of_cells(shape, parts, name)


def _as_numbers(held: matlab5.Variable) -> str:
    """How the numbers of a variable that is no array can be had."""
    inside = matlab5.records(held, 0)[:1] if not held.compressed else []
    names = [name for each in inside for name, field in each.items() if not field.other]
    return f"name one of its fields: {', '.join(names)[:200]}" if names else "save it as a full numeric array, with -v7"


def _variables(source: Source) -> dict[str, matlab5.Variable]:
    """The variables of a file of version 5.

    Raises:
        InputError: a file beyond the limit, or one of version 4.
    """
    source.check_whole()
    content = source.path.read_bytes()
    if matlab5.is_version_4(content):
        raise InputError(
            "a .mat of version 5, 6, 7 or 7.3", f"{source.path.name} of version 4", "a file saved with -v4",
            "load it in MATLAB and save it with -v7",
        )  # fmt: skip
    return matlab5.variables(content)


@contextmanager
def _bounded(source: Source) -> Iterator[None]:
    """A block in which no variable inflates to more than the limit.

    Raises:
        InputError: one does.
    """
    try:
        yield
    except OverflowError as error:
        raise InputError(
            f"a variable of at most {source.limit / 1e6:.0f} MB", f"{source.path.name}: {error}",
            "a broken file, or more data than fits", "raise --limit-mb, or cut the capture into parts",
        ) from error  # fmt: skip
