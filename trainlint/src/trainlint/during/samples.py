"""Which entries of a tensor are looked at? Few enough that a watch needs no copy of the model."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

_SAMPLE = 1024
"""Entries looked at per parameter: 4 kB in float32, under 1 % of any layer worth worrying about."""


_PLAIN = (Tensor, nn.Parameter)


def sample(tensor: Tensor) -> Tensor:
    """Up to 1024 evenly spaced entries, as a view where the memory layout allows it."""
    stride = max(1, -(-tensor.numel() // _SAMPLE))
    flat = tensor.detach().reshape(-1)
    return flat if stride == 1 else flat[::stride]


def norms(tensors: Iterable[Tensor]) -> list[float]:
    """Euclidean norm of each tensor in float32 at least, with one transfer; each tensor may go after its turn."""
    each = list(tensors) if isinstance(tensors, Sequence) else tensors
    if isinstance(each, list) and alike(each):
        wide = torch.promote_types(each[0].dtype, torch.float32)
        found = torch._foreach_norm([t.detach() for t in each], 2, wide)
        return torch.stack(found).float().tolist()
    found = [_norm(tensor) for tensor in each]
    return torch.stack([n.to(found[0].device) for n in found]).tolist() if found else []


def differences(first: Sequence[Tensor], second: Sequence[Tensor]) -> Sequence[Tensor]:
    """Each tensor of the first list minus that of the second.

    Args:
        first: without graphs.
        second: of the same shapes.
    """
    if alike([*first, *second]):
        return torch._foreach_sub(list(first), list(second))
    return [a - b for a, b in zip(first, second, strict=True)]


def alike(tensors: Sequence[Tensor]) -> bool:
    """True where one call of torch may take them all: plain real tensors of one type on one device."""
    kinds = {(type(t), t.dtype, t.device, t.layout) for t in tensors}
    if len({kind[1:] for kind in kinds}) != 1 or not all(kind[0] in _PLAIN for kind in kinds):
        return False
    return tensors[0].is_floating_point() and tensors[0].layout is torch.strided


def _norm(tensor: Tensor) -> Tensor:
    own = tensor.detach()
    values = own.coalesce().values() if own.is_sparse else own
    return torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, torch.float32)).float()
