"""Which entries of a tensor are looked at? Few enough that a watch needs no copy of the model."""

from collections.abc import Iterable

import torch
from torch import Tensor

_SAMPLE = 1024
"""Entries looked at per parameter: 4 kB in float32, under 1 % of any layer worth worrying about."""


def sample(tensor: Tensor) -> Tensor:
    """Up to 1024 evenly spaced entries, as a view where the memory layout allows it."""
    stride = max(1, -(-tensor.numel() // _SAMPLE))
    flat = tensor.detach().reshape(-1)
    return flat if stride == 1 else flat[::stride]


def norms(tensors: Iterable[Tensor]) -> list[float]:
    """Euclidean norm of each tensor in float32 at least, with one transfer; each tensor may go after its turn."""
    found = [_norm(tensor) for tensor in tensors]
    return torch.stack([n.to(found[0].device) for n in found]).tolist() if found else []


def _norm(tensor: Tensor) -> Tensor:
    own = tensor.detach()
    values = own.coalesce().values() if own.is_sparse else own
    return torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, torch.float32)).float()
