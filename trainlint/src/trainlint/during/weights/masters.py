"""Which tensors of an optimiser stand for the model's parameters, as float32 copies of half-precision weights do?"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def masters(held: Sequence[Tensor], names: Mapping[Tensor, str]) -> dict[Tensor, str]:
    """Names of master weights: of wider type than the model's trainable parameters, in their order, rounding to them.

    Args:
        held: what the optimiser holds.
        names: of the model's parameters.

    Returns:
        The name that each master stands for; empty where they are anything else, such as another model's parameters.
    """
    own = [p for p in names if p.requires_grad]
    if not held or len(own) != len(held) or not all(map(_stands_for, held, own)):
        return {}
    return dict(zip(held, (names[p] for p in own), strict=True))


def _stands_for(master: Tensor, own: Tensor) -> bool:
    wider = master.dtype != own.dtype and torch.promote_types(master.dtype, own.dtype) == master.dtype
    return wider and master.shape == own.shape and bool((master.detach().to(own) == own.detach()).all())
