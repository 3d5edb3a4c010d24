"""How do real and imaginary parts become complex numbers? By assignment: a sum with 1j * inf would make NaN."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def complex_of(real: NDArray[Any], imaginary: NDArray[Any]) -> NDArray[Any]:
    """Complex numbers of two real parts of one shape, which stay what they are: infinite, NaN, or -0.

    Args:
        real: of them.
        imaginary: of them.
    """
    made = np.empty(np.shape(real), dtype=np.result_type(real, imaginary, np.complex64))
    made.real, made.imag = real, imaginary
    return made
