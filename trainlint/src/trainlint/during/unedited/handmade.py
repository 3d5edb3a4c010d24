"""Which weights does a program move by hand, that has made no optimiser?"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from ..losses.graph import leaves
from ..weights.windows import mark

_LOOKS = 64
"""Backward passes after which a program that moves nothing trains nothing: it looks at gradients."""


class Handmade:
    """Compares the leaves of one loss with themselves at the next one; `looks` is how many losses there were."""

    def __init__(self) -> None:
        self.looks = 0
        self._marks: dict[int, tuple[Tensor, Tensor]] = {}

    def moved(self, loss: Tensor, roots: Iterable[nn.Module]) -> list[Tensor]:
        """What is trained by hand: the models of which a parameter has moved, and moved tensors of no model.

        Args:
            loss: about to go backward.
            roots: the models that the program has run.
        """
        self.looks += 1
        if self.looks > _LOOKS:
            return []
        found = [leaf for leaf in leaves(loss) if leaf.is_floating_point() and leaf.numel()]
        known = {id(leaf): self._marks.get(id(leaf)) for leaf in found}
        now = {id(leaf): (leaf, mark([leaf])) for leaf in found}
        moved = {
            key for key, before in known.items() if before and before[0] is now[key][0] and _apart(before, now[key])
        }
        self._marks = {} if moved else now
        return _held(found, moved, roots) if moved else []


def _apart(before: tuple[Tensor, Tensor], now: tuple[Tensor, Tensor]) -> bool:
    return before[1].shape != now[1].shape or not torch.equal(before[1], now[1])


def _held(found: Sequence[Tensor], moved: set[int], roots: Iterable[nn.Module]) -> list[Tensor]:
    held: dict[Tensor, None] = {}
    owned: set[Tensor] = set()
    for module in roots:
        own = list(module.parameters())
        owned.update(own)
        if any(id(p) in moved for p in own):
            held.update(dict.fromkeys(p for p in own if p.requires_grad))
    bare = [leaf for leaf in found if leaf not in owned]
    if any(id(leaf) in moved for leaf in bare):  # beside moved ones, one that stays may have been forgotten
        held.update(dict.fromkeys(bare))
    return list(held)
