"""How far should a step move the weights, and did somebody else write to them since the last one?"""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from .names import norms, sample

_ADAM = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "FusedAdam", "DeepSpeedCPUAdam", "Lamb")
_TENSORS = 16
"""A median over so many says what Adam does to all."""
_DECOUPLED = ("AdamW", "SGD", "Lion")
"""Optimisers whose decay takes `rate * weight_decay` off the weights in each update."""


def in_rates(
    optimizer: Optimizer, live: Sequence[Tensor], old: Sequence[Tensor], apart: Sequence[Tensor]
) -> float | None:
    """Median over the tensors of how far Adam moved an entry with a gradient, in units of its rate, without decay.

    It is 0.1 to 1 in a training that learns: Adam divides the gradient by its own recent size.
    """
    if not _is_adam(optimizer):
        return None
    groups = {p: group for group in optimizer.param_groups for p in group["params"]}
    rows: defaultdict[tuple, list[tuple[Tensor, Tensor, Tensor]]] = defaultdict(list)
    every = max(1, len(live) // _TENSORS)
    for parameter, before, moved in zip(live[::every], old[::every], apart[::every], strict=True):
        group, grad = groups.get(parameter), parameter.grad
        if group is None or grad is None or grad.is_sparse or not (rate := float(group["lr"])):
            continue
        decay = rate * float(group.get("weight_decay", 0.0)) if _is_decoupled(optimizer, group) else 0.0
        rows[rate, decay, moved.device].append((sample(grad), before, moved))
    ratios = [ratio for (rate, decay, _), each in rows.items() for ratio in _ratios(rate, decay, each)]
    return statistics.median(ratios) if ratios else None


def _ratios(rate: float, decay: float, rows: Sequence[tuple[Tensor, Tensor, Tensor]]) -> list[float]:
    sizes = [len(grad) for grad, _, _ in rows]
    grads, before, moved = (torch.cat(column) for column in zip(*rows, strict=True))
    pulled = grads != 0
    ways = norms(((moved + decay * before) * pulled).split(sizes))
    roots = norms(pulled.to(torch.float32).split(sizes))
    return [way / (rate * root) for way, root in zip(ways, roots, strict=True) if root]


def own_share(optimizer: Optimizer, used: float, weights: float) -> float | None:
    """How far plain gradient descent moves the weights by the gradient alone: rate times norm, over the weights' norm.

    None where the optimiser is of another kind.
    """
    if type(optimizer) is not SGD or not weights:
        return None
    group = max(optimizer.param_groups, key=lambda g: float(g["lr"]))
    return float(group["lr"]) * used / (1 - min(0.99, float(group["momentum"]))) / weights


def epsilon(optimizer: Optimizer) -> float:
    """What Adam adds to the size of a gradient; 0 for other optimisers."""
    return max(float(group["eps"]) for group in optimizer.param_groups) if _is_adam(optimizer) else 0.0


def shrinkage(optimizer: Optimizer) -> float:
    """The largest share that weight decay takes off a group's weights in one update; 0 where the kind is not known."""
    return max(
        (
            float(group["lr"]) * float(group.get("weight_decay") or 0.0)
            for group in optimizer.param_groups
            if _is_decoupled(optimizer, group) and isinstance(group["lr"], float | int | torch.Tensor)
        ),
        default=0.0,
    )


def _is_adam(optimizer: Optimizer) -> bool:
    return type(optimizer).__name__ in _ADAM and all("eps" in group for group in optimizer.param_groups)


def _is_decoupled(optimizer: Optimizer, group: Mapping[str, object]) -> bool:
    return type(optimizer).__name__ in _DECOUPLED or bool(group.get("decoupled_weight_decay"))


_ENTRIES = 64
_OWN_MEMORY = (nn.Parameter, Tensor)
"""Other kinds may be handles of memory elsewhere."""


class Edge:
    """The first entries of one tensor, as the last step left them.

    `written` is what somebody wrote into these entries since the last step, as bytes.
    """

    def __init__(self, held: Sequence[Tensor]) -> None:
        self._followed = held[len(held) // 2] if held else None
        self._live: Tensor | None = None
        self._kept: Tensor | None = None
        self._place = 0
        self.written = b""

    def keep(self) -> None:
        """A step ran: remember what it left."""
        live = self._now()
        if live is None:
            self._kept = None
        elif self._kept is None:
            self._kept = live.clone()
        else:
            self._kept.copy_(live)

    def drift(self, *, closely: bool) -> float:
        """Relative difference between the weights now and as the last step left them; 0 where there was none."""
        kept, live = self._kept, self._now()
        self.written = b""
        if kept is None or live is None or kept.shape != live.shape:
            return 0.0
        if not closely and (kept.device.type != "cpu" or torch.equal(live, kept)):
            return 0.0
        if live.device.type == "cpu" and live.dtype is torch.float32 and not torch.equal(live, kept):
            self.written = live.numpy().tobytes()
        apart, size = norms([live - kept, kept])
        return apart / max(size, 1e-30)

    def _now(self) -> Tensor | None:
        own = self._followed
        if own is None or not own.is_contiguous():
            return None
        place = own.data_ptr() if type(own) in _OWN_MEMORY else 0
        if self._live is None or place != self._place or place == 0:
            self._live, self._place = own.detach().view(-1)[:_ENTRIES], place
            self._kept = None if self._kept is not None and self._kept.shape != self._live.shape else self._kept
        return self._live
