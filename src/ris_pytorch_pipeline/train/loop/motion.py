"""Did the weights move? Version counters each time, values where it is measured."""

import math

import torch
from torch import Tensor

from .groups import Groups
from .update import Motion

MEASURED_FIRST = 3
"""Δparam is measured on the first updates, whatever comes later."""


def is_measured(update: int, every: int) -> bool:
    """Whether Δparam of an update is measured: on the first ones, and then on every n-th.

    Args:
        update: how many updates have been applied before this one.
        every: n.
    """
    return update < MEASURED_FIRST or update % every == 0


def versions(groups: Groups) -> list[int]:
    """How often each parameter has been written to, in place."""
    return [parameter._version for parameter in groups.parameters]


def values(groups: Groups) -> list[Tensor]:
    """A copy of each live parameter."""
    return [parameter.detach().clone() for parameter in groups.parameters]


def measure_motion(groups: Groups, before: list[Tensor], rates: dict[str, float], weight_decay: float) -> Motion:
    """How far the live weights are from a copy taken before the update.

    Args:
        groups: of the network, after the update.
        before: from `values`.
        rates: of the update, by group.
        weight_decay: decoupled, per unit of rate.

    Returns:
        The motion, summed in double precision.
    """
    rows: list[Tensor] = []
    with torch.no_grad():
        for parameter, old, owner in zip(groups.parameters, before, groups.owners, strict=True):
            moved = parameter - old
            rest = moved + (rates[owner] * weight_decay) * old
            rows.append(torch.stack([torch.linalg.vector_norm(x).double() for x in (moved, rest, old)]))
    squares = torch.stack(rows).square().tolist()
    by_group = dict.fromkeys(groups.named, 0.0)
    for owner, (moved, _, _) in zip(groups.owners, squares, strict=True):
        by_group[owner] += moved
    total, rest, size = (math.sqrt(sum(row[i] for row in squares)) for i in range(3))
    return Motion(
        total=total,
        groups={name: math.sqrt(square) for name, square in by_group.items()},
        relative=total / size if size > 0 else math.inf,
        beyond_decay=rest,
    )
