"""How do parts become one array: real and imaginary ones, by assignment (a sum with 1j * inf makes NaN), and cells?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError


def complex_of(real: NDArray[Any], imaginary: NDArray[Any]) -> NDArray[Any]:
    """Complex numbers of two real parts of one shape, which stay what they are: infinite, NaN, or -0.

    Args:
        real: of them.
        imaginary: of them.
    """
    made = np.empty(np.shape(real), dtype=np.result_type(real, imaginary, np.complex64))
    made.real, made.imag = real, imaginary
    return made


def of_cells(shape: tuple[int, ...], cells: Sequence[NDArray[Any]], name: str) -> NDArray[Any]:
    """Equal arrays in the cells of another as one array, whose first axes are those of the cells.

    Args:
        shape: of the array of cells.
        cells: what is in them; the first axis of the cells runs fastest.
        name: of the whole, for the message.

    Raises:
        InputError: cells of different shapes, or none.
    """
    shapes = list(dict.fromkeys(cell.shape for cell in cells))
    if len(shapes) != 1:
        raise InputError(
            f"cells of one shape in {name}", " and ".join(map(str, shapes[:3])) or "none",
            "captures of different lengths, or a cell left empty", "cut them alike, or save one scene a file",
        )  # fmt: skip
    turned = np.stack(cells).reshape(*shape[::-1], *shapes[0])
    lead = len(shape)
    return turned.transpose(*reversed(range(lead)), *range(lead, turned.ndim))
