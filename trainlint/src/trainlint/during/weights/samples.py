"""Which entries of a tensor are looked at? Few enough that a watch needs no copy of the model."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

_SAMPLE = 512
"""Entries looked at per parameter: 2 kB in float32, of 71 thousand weights still under 1 % of what a step needs."""


_PLAIN = (Tensor, nn.Parameter)


def sample(tensor: Tensor) -> Tensor:
    """Up to 512 evenly spaced entries, as a view where the memory layout allows it."""
    stride = max(1, -(-tensor.numel() // _SAMPLE))
    flat = tensor.detach().reshape(-1)
    return flat if stride == 1 else flat[::stride]


def norms(tensors: Iterable[Tensor]) -> list[float]:
    """Euclidean norm of each tensor in float32 at least, with one transfer; each tensor may go after its turn."""
    if isinstance(tensors, Sequence) and alike(tensors):
        return _norms_alike([tensor.detach() for tensor in tensors])
    found = [_norm(tensor) for tensor in tensors]
    return torch.stack([n.to(found[0].device) for n in found]).tolist() if found else []


def _norms_alike(tensors: Sequence[Tensor]) -> list[float]:
    wide = torch.promote_types(tensors[0].dtype, torch.float32)
    each = torch._foreach_norm(list(tensors), 2, wide)  # pyright: ignore[reportPrivateImportUsage]
    return torch.stack(each).float().tolist()


class Samples:
    """Samples of several tensors at one moment; of plain ones of one type in one piece of memory.

    Args:
        each: a one-dimensional tensor for each, as `sample` gives them.
        flat: the same in one piece, where they are.
    """

    def __init__(self, each: Sequence[Tensor], flat: Tensor | None) -> None:
        self.each, self.flat = each, flat

    @classmethod
    def taken(cls, tensors: Iterable[Tensor]) -> "Samples":
        """Copies of what some tensors hold now.

        Args:
            tensors: any.
        """
        views = [sample(tensor) for tensor in tensors]
        if not alike(views):
            return cls([view.clone() for view in views], None)
        flat = torch.cat(views)
        return cls(flat.split([len(view) for view in views]), flat)

    def minus(self, other: "Samples") -> "Samples":
        """The difference to samples of tensors of the same shapes.

        Args:
            other: of another moment.
        """
        if self.flat is None or other.flat is None or self.flat.dtype != other.flat.dtype:
            return Samples([a - b for a, b in zip(self.each, other.each, strict=True)], None)
        flat = self.flat - other.flat
        return Samples(flat.split([len(each) for each in self.each]), flat)

    def norms(self) -> list[float]:
        """Euclidean norm of each."""
        return norms(self.each) if self.flat is None else _norms_alike(self.each)


def alike(tensors: Sequence[Tensor]) -> bool:
    """True where one call of torch may take them all: plain real tensors of one type on one device."""
    if not tensors or not tensors[0].is_floating_point():
        return False
    dtype, device = tensors[0].dtype, tensors[0].device
    return all(
        [type(t) in _PLAIN and t.dtype is dtype and t.layout is torch.strided and t.device == device for t in tensors]
    )


def _norm(tensor: Tensor) -> Tensor:
    own = tensor.detach()
    values = own.coalesce().values() if own.is_sparse else own
    return torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, torch.float32)).float()
