"""How arrays are read from .mat: version 5 as its elements, version 7.3 as the HDF5 file that it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from . import hdf5, matlab5
from .bounded import Source


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the variables; fields of a structure are not listed."""
    if hdf5.is_hdf5(source):
        return {name: shape[::-1] for name, shape in hdf5.listing(source).items() if not name.startswith("#")}
    return {name: held.shape for name, held in _variables(source).items()}


def read(source: Source, name: str) -> NDArray[Any]:
    """One variable, or the field of a structure, `capture.Y`; axes in MATLAB's order in both versions.

    Raises:
        InputError: no such field, no numbers, or more than the limit.
    """
    if hdf5.is_hdf5(source):
        return hdf5.read(source, name.replace(".", "/")).T
    variable, *names = name.split(".")
    held = _variables(source)[variable]
    for each in names:
        with _bounded(source):
            inside = matlab5.fields(held, source.limit)
        if each not in inside:
            raise InputError(
                f"a field {each!r} of a 1 x 1 structure", f"fields {', '.join(inside)[:200] or 'none'}",
                "a misspelt field, or an array of structures", "name a numeric field",
            )  # fmt: skip
        held = inside[each]
    if held.other:
        raise InputError(f"numbers in {name}", held.other, "another variable, or one level too high", _as_numbers(held))
    source.check_size(held.shape, 16, name)
    with _bounded(source):
        return np.ascontiguousarray(matlab5.numbers(held, source.limit))


def _as_numbers(held: matlab5.Variable) -> str:
    """How the numbers of a variable that is no array can be had."""
    inside = [
        name for name, field in (matlab5.fields(held, 0) if not held.compressed else {}).items() if not field.other
    ]
    return (
        f"name one of its fields: {', '.join(inside)[:200]}" if inside else "save it as a full numeric array, with -v7"
    )


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
