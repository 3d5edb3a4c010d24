"""Which estimated source belongs to which true one: the optimal assignment of each scene."""

import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from .errors import InputError

UNMATCHED = -1
"""Stands where a true source has no partner."""


def great_circle(
    first: Float[Tensor, "*first 3"], second: Float[Tensor, "*second 3"]
) -> Float[Tensor, "..."]:  # fmt: skip
    """Angle between the directions of two positions (azimuth, elevation, distance), in radians.

    γ = atan2(‖a x b‖, a · b) of the unit vectors a and b: accurate from 0 to π, unlike acos(a · b). Distances are
    ignored.

    Args:
        first: (..., 3), radians, radians, metres.
        second: (..., 3), broadcast against `first`.

    Returns:
        Angles in [0, π]; NaN where a direction is NaN.
    """
    a, b = torch.broadcast_tensors(_direction(first), _direction(second))
    return torch.atan2(torch.linalg.cross(a, b).norm(dim=-1), (a * b).sum(-1))


def _direction(positions: Tensor) -> Tensor:
    """Unit vectors (cosθ cosφ, cosθ sinφ, sinθ)."""
    azimuth, elevation = positions[..., 0], positions[..., 1]
    across = elevation.cos()
    return torch.stack([across * azimuth.cos(), across * azimuth.sin(), elevation.sin()], dim=-1)


def occupied(positions: Float[Tensor, "*batch source 3"]) -> Bool[Tensor, "*batch source"]:
    """True where a padded slot holds a source, that is, no coordinate is NaN."""
    return ~positions.isnan().any(-1)


def match(
    cost: Float[Tensor, "scene true found"],
    present: Bool[Tensor, "scene true"],
    detected: Bool[Tensor, "scene found"],
    cutoff: float,
) -> Int[Tensor, "scene true"]:
    """Assign found to true sources so that Σ min(cost, cutoff) is least; pairs that reach the cut-off are no pairs.

    This is the assignment inside GOSPA: leaving a true and a found source apart costs as much as pairing them at the
    cut-off (Kuhn 1955; solved by `scipy.optimize.linear_sum_assignment`). The numbers of sources may differ.

    Args:
        cost: (scene, true, found); infinite costs are allowed, and anything may stand in empty slots.
        present: (scene, true), slots that hold a true source.
        detected: (scene, found), slots that hold a found source.
        cutoff: finite, positive, in the unit of the cost.

    Returns:
        (scene, true): the slot of the found source, or `UNMATCHED`.

    Raises:
        InputError: a cut-off that is not positive and finite, or a NaN cost between two sources.
    """
    if not 0 < cutoff < torch.inf:
        raise InputError("a positive, finite cut-off", str(cutoff), "a missing value", "pass it in the cost's unit")
    pairs = present[:, :, None] & detected[:, None, :]
    if bool((cost.isnan() & pairs).any()):
        raise InputError(
            "a number as the cost of every pair of sources",
            f"NaN in {int((cost.isnan() & pairs).sum())} of {int(pairs.sum())} pairs",
            "a position with a NaN coordinate marked as a source, or a bound that does not exist",
            "mark such slots as empty, or repair the coordinate",
        )
    bounded = cost.detach().clamp(max=cutoff).cpu().numpy()
    rows, columns = present.cpu().numpy(), detected.cpu().numpy()
    partner = torch.full(present.shape, UNMATCHED)
    for scene in range(len(bounded)):
        true, found = rows[scene].nonzero()[0], columns[scene].nonzero()[0]
        costs = bounded[scene][true][:, found]
        left, right = linear_sum_assignment(costs)
        close = costs[left, right] < cutoff
        partner[scene, true[left[close]].tolist()] = torch.as_tensor(found[right[close]])
    return partner.to(cost.device)


def gather_found(
    values: Float[Tensor, "scene found *rest"], partner: Int[Tensor, "scene true"]
) -> Float[Tensor, "scene true *rest"]:  # fmt: skip
    """Values of the found sources in the order of the true ones, NaN where a true source has no partner."""
    scene = torch.arange(partner.shape[0], device=partner.device)[:, None]
    if values.shape[1] == 0:
        return values.new_full((*partner.shape, *values.shape[2:]), torch.nan)
    gathered = values[scene, partner.clamp_min(0)]
    missed = (partner == UNMATCHED).reshape(*partner.shape, *[1] * (values.ndim - 2))
    return gathered.masked_fill(missed, torch.nan)
