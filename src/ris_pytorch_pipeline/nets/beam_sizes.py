"""Would what a network keeps for its beams fit into memory beside anything else?"""

from ..errors import InfeasibleError
from ..physics import Array

_MOST_BYTES = 2**30
"""Largest matrix of beams, and of plane waves."""


def check_fits(size: int, counts: str, array: Array) -> None:
    """Refuse beams or plane waves that would not fit.

    Args:
        size: of the largest matrix, bytes.
        counts: what it holds, in words.
        array: of the network.

    Raises:
        InfeasibleError: more than 1 GiB.
    """
    if size > _MOST_BYTES:
        raise InfeasibleError(
            f"beams of at most {_MOST_BYTES / 2**30:.0f} GiB",
            f"{size / 2**30:.1f} GiB for {counts} of an array of {len(array)} elements",
            "an array of many wavelengths or without rows: the grid grows with its area, and the lags with the square "
            "of its elements",
            "choose a smaller array or field of view, or a classical estimator; of a large panel beams = 'fft' takes "
            "less than beams = 'exact'",
        )  # fmt: skip
