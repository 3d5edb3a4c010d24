"""How arrays are read from .mat: version 5 as its elements, version 7.3 as the HDF5 file that it is."""

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
        InputError: no such field, or a file beyond the limit.
    """
    if hdf5.is_hdf5(source):
        return hdf5.read(source, name.replace(".", "/")).T
    variable, *names = name.split(".")
    held = _variables(source)[variable]
    for each in names:
        inside = matlab5.fields(held)
        if each not in inside:
            raise InputError(
                f"a field {each!r} of a 1 x 1 structure", f"fields {', '.join(inside)[:200] or 'none'}",
                "a misspelt field, or an array of structures", "name a numeric field",
            )  # fmt: skip
        held = inside[each]
    source.check_size(held.shape, 16, name)
    return np.ascontiguousarray(matlab5.numbers(held))


def _variables(source: Source) -> dict[str, matlab5.Variable]:
    """The variables of a file of version 5.

    Raises:
        InputError: the file, or what it inflates to, is beyond the limit.
    """
    source.check_whole()
    try:
        return matlab5.variables(source.path.read_bytes(), source.limit)
    except OverflowError as error:
        raise InputError(
            f"variables of at most {source.limit / 1e6:.0f} MB together", f"{source.path.name}: {error}",
            "a broken file, or more data than fits", "raise --limit-mb, or cut the capture into parts",
        ) from error  # fmt: skip
