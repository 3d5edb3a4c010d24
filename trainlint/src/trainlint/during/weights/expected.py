"""How far should a step move the weights? What the optimiser's own rule makes of the gradient, beside what happened."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from ..run import norms
from .samples import sample

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

    Args:
        optimizer: that stepped.
        live: parameters after the step.
        old: samples of them from before it.
        apart: samples of them after the step minus those.

    Returns:
        None where the optimiser is of another kind.
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
    """How far the entries of each tensor moved on average, of those with a gradient."""
    sizes = [len(grad) for grad, _, _ in rows]
    grads, before, moved = (torch.cat(column) for column in zip(*rows, strict=True))
    pulled = grads != 0
    ways = norms(((moved + decay * before) * pulled).split(sizes))
    roots = norms(pulled.to(torch.float32).split(sizes))
    return [way / (rate * root) for way, root in zip(ways, roots, strict=True) if root]


def own_share(optimizer: Optimizer, used: float, weights: float) -> float | None:
    """How far plain gradient descent moves the weights by the gradient alone: rate times norm, over the weights' norm.

    Args:
        optimizer: that stepped.
        used: norm of the gradient that it saw.
        weights: norm of the weights.

    Returns:
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
