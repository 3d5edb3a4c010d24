"""How far should a step move the weights? What the optimiser's own rule makes of the gradient, beside what happened."""

import statistics
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from .run import norms
from .samples import sample

_ADAM = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "FusedAdam", "DeepSpeedCPUAdam", "Lamb")
_DECOUPLED = ("AdamW", "SGD", "Lion")
"""Optimisers whose decay takes `rate * weight_decay` off the weights in each update."""


def in_rates(optimizer: Optimizer, live: Sequence[Tensor], old: Sequence[Tensor]) -> float | None:
    """Median over the tensors of how far Adam moved an entry with a gradient, in units of its rate, without decay.

    It is 0.1 to 1 in a training that learns: Adam divides the gradient by its own recent size.

    Args:
        optimizer: that stepped.
        live: parameters after the step.
        old: samples of them from before it.

    Returns:
        None where the optimiser is of another kind.
    """
    if not _is_adam(optimizer):
        return None
    groups = {p: group for group in optimizer.param_groups for p in group["params"]}
    ratios = []
    for parameter, before in zip(live, old, strict=True):
        group, grad = groups.get(parameter), parameter.grad
        if group is None or grad is None or grad.is_sparse or not float(group["lr"]):
            continue
        pulled = sample(grad) != 0
        rate = float(group["lr"])
        decay = rate * float(group.get("weight_decay", 0.0)) if _is_decoupled(optimizer, group) else 0.0
        moved = (sample(parameter) - before + decay * before) * pulled
        count = float(pulled.sum())
        if count:
            ratios.append(norms([moved])[0] / (rate * count**0.5))
    return statistics.median(ratios) if ratios else None


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
