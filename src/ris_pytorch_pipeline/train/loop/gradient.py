"""How large is the gradient? Norms in total, by group and by parameter, read before anything changes it."""

import math
from dataclasses import dataclass

import torch

from .groups import Groups


@dataclass(frozen=True, kw_only=True)
class Gradient:
    """The norms of a gradient.

    Args:
        total: ‖g‖₂ over all groups.
        groups: by group.
        offenders: parameters whose gradient is not finite.
        without: parameters without a gradient, or with one that is exactly zero.
        present: whether any parameter has a gradient at all.
    """

    total: float
    groups: dict[str, float]
    offenders: tuple[str, ...]
    without: tuple[str, ...]
    present: bool


def measure_gradient(groups: Groups) -> Gradient:
    """Norms of the gradients as they are: nothing is clipped, replaced or ignored.

    Args:
        groups: of the network, after the backward pass.

    Returns:
        The norms, summed in double precision; one transfer from the device.
    """
    parameters, names, owners = groups.parameters, groups.names, groups.owners
    zero = torch.zeros((), device=parameters[0].device)
    each = [zero if p.grad is None else torch.linalg.vector_norm(p.grad) for p in parameters]
    norms = torch.stack([norm.double() for norm in each]).tolist()
    squares = dict.fromkeys(groups.named, 0.0)
    for owner, norm in zip(owners, norms, strict=True):
        squares[owner] += norm * norm
    return Gradient(
        total=math.sqrt(sum(squares.values())),
        groups={name: math.sqrt(square) for name, square in squares.items()},
        offenders=tuple(name for name, norm in zip(names, norms, strict=True) if not math.isfinite(norm)),
        without=tuple(name for name, norm in zip(names, norms, strict=True) if norm == 0.0),
        present=any(p.grad is not None for p in parameters),
    )
