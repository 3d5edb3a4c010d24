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
