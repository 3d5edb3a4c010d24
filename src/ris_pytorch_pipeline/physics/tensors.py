"""How tensors, NumPy arrays and nested lists become tensors."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError


def as_tensor(value: Any) -> Tensor:  # noqa: ANN401
    """A tensor of a tensor, a NumPy array of any strides and byte order, or nested lists; NumPy's memory is not shared.

    >>> as_tensor(np.arange(3.0)[::-1]).tolist()
    [2.0, 1.0, 0.0]
    >>> as_tensor([0.1]).dtype  # numbers of Python keep their precision
    torch.float64

    Raises:
        InputError: anything that is no array of numbers.
    """
    if isinstance(value, Tensor):
        return value.resolve_conj()
    try:
        array = np.asarray(value)
        return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "a tensor, a NumPy array or nested lists of numbers", f"{type(value).__name__}: {error!s:.80}",
            "rows of different lengths, text or None among the numbers", "pass np.asarray(values, dtype=complex)",
        ) from error  # fmt: skip


def check_finite(name: str, value: Tensor) -> None:
    """Refuse a NaN or an infinity.

    >>> check_finite("measurements", torch.zeros(2, 3))

    Args:
        name: of the tensor, for the message.
        value: of any shape.

    Raises:
        InputError: naming how many there are, and the place of the first one.
    """
    if not _finite(value):
        bad = ~torch.isfinite(value)
        # torch.unravel_index would import sympy, which takes half a second.
        first = [int(place) for place in np.unravel_index(int(bad.flatten().byte().argmax()), bad.shape)]
        raise InputError(
            f"finite {name}", f"{int(bad.sum())} of {bad.numel()} values NaN or infinite, the first at index {first}",
            "a failed capture, or a division by zero before this call",
            "repair it, or leave that scene out: by `pick` in a mapping",
        )  # fmt: skip


def _finite(value: Tensor) -> bool:
    """Whether every entry is finite; one pass in the usual case, since a NaN or an infinity cannot leave a sum."""
    return bool(torch.isfinite(value.sum())) or bool(torch.isfinite(value).all())
