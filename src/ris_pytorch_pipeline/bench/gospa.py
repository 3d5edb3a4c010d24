"""How far a set of found sources is from the set of true ones: GOSPA over three base distances."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..matching import UNMATCHED, great_circle, match, occupied
from ..physics import cartesian_from_positions

WHITENED_CUTOFF = 5.0
"""Standard deviations of the bound."""
DIRECTION_CUTOFF = math.radians(5)
"""Radians."""
CARTESIAN_CUTOFF = 2.0
"""Metres."""

TruePositions = Float[Tensor, "scene true 3"]
FoundPositions = Float[Tensor, "scene found 3"]
Pairs = Float[Tensor, "scene true found"]


@dataclass(frozen=True, eq=False)
class Gospa:
    """GOSPA of each scene and its parts.

    >>> import torch
    >>> near = torch.tensor([[[0.3], [9.0]]])  # one scene of two true sources, of which one was found
    >>> parts = gospa(near, torch.tensor([[True, True]]), torch.tensor([[True]]), cutoff=5.0)
    >>> parts.missed.item(), parts.false.item(), parts.partner.tolist()
    (1, 0, [[0, -1]])

    Args:
        value: (scene,), in the unit of the base distance.
        missed: (scene,), true sources without a partner.
        false: (scene,), found sources without a partner.
        partner: (scene, true), the found slot of each true source, or `matching.UNMATCHED`.
    """

    value: Float[Tensor, "scene"]  # noqa: F821
    missed: Int[Tensor, "scene"]  # noqa: F821
    false: Int[Tensor, "scene"]  # noqa: F821
    partner: Int[Tensor, "scene true"]


def gospa(
    distance: Pairs, present: Bool[Tensor, "scene true"], detected: Bool[Tensor, "scene found"], cutoff: float
) -> Gospa:  # fmt: skip
    """Generalised optimal sub-pattern assignment metric with p = 2 and α = 2.

    GOSPA² = min over assignments of Σ_pairs d² + (c²/2) (missed + false). A metric on sets when d is one; two sources
    further apart than the cut-off c count as one missed and one false.

    >>> import torch
    >>> near = torch.tensor([[[0.3, 9.0], [9.0, 7.0]]])  # one scene, two true and two found sources
    >>> both = torch.tensor([[True, True]])
    >>> found = gospa(near, both, both, cutoff=5.0)
    >>> found.missed.tolist(), found.false.tolist(), round(float(found.value), 3)  # sqrt(0.3² + 5²)
    ([1], [1], 5.009)

    Args:
        distance: (scene, true, found), the base distance.
        present: (scene, true), slots that hold a true source.
        detected: (scene, found), slots that hold a found source.
        cutoff: c, in the unit of the distance.

    Returns:
        The value and its parts.

    Source: Rahmathullah, García-Fernández and Svensson, "Generalized optimal sub-pattern assignment metric", 2017,
    proposition 1.
    """
    squared = distance.square()
    partner = match(squared, present, detected, cutoff**2)
    paired = partner != UNMATCHED
    missed = present.sum(-1) - paired.sum(-1)
    false = detected.sum(-1) - paired.sum(-1)
    if distance.shape[-1] == 0:
        near = squared.new_zeros(distance.shape[0])
    else:
        own = squared.gather(2, partner.clamp_min(0).unsqueeze(-1)).squeeze(-1)
        near = own.masked_fill(~paired, 0).sum(-1)
    return Gospa((near + cutoff**2 / 2 * (missed + false)).sqrt(), missed, false, partner)


def whitened_gospa(true: TruePositions, found: FoundPositions, covariance: Float[Tensor, "scene true 3 3"]) -> Gospa:
    """GOSPA in standard deviations of the bound: d = sqrt(e^T C_CRB⁻¹ e), cut-off 5, no unit.

    >>> import torch
    >>> true = torch.tensor([[[0.0, 0.0, 4.0]]])  # azimuth, elevation (radians), distance (metres)
    >>> found = torch.tensor([[[0.02, 0.0, 4.5]]])
    >>> covariance = torch.diag(torch.tensor([0.01, 0.01, 0.5]) ** 2).expand(1, 1, 3, 3)  # of the bound
    >>> round(whitened_gospa(true, found, covariance).value.item(), 3)  # sqrt(2² + 1²) standard deviations
    2.236

    Args:
        true: (scene, true, 3), NaN in empty slots.
        found: (scene, found, 3), NaN in empty slots.
        covariance: (scene, true, 3, 3), the bound of (φ, θ, r) of each true source.
    """
    return gospa(whitened_distance(true, found, covariance), occupied(true), occupied(found), WHITENED_CUTOFF)


def direction_gospa(true: TruePositions, found: FoundPositions) -> Gospa:
    """GOSPA of directions in radians: great-circle angle, cut-off 5°.

    >>> import math
    >>> import torch
    >>> true = torch.tensor([[[0.0, 0.0, 4.0]]])  # azimuth, elevation (radians), distance (metres)
    >>> found = torch.tensor([[[0.02, 0.0, 4.5]]])
    >>> round(math.degrees(direction_gospa(true, found).value.item()), 2)  # degrees
    1.15
    """
    angle = great_circle(true[:, :, None], found[:, None])
    return gospa(angle, occupied(true), occupied(found), DIRECTION_CUTOFF)


def cartesian_gospa(true: TruePositions, found: FoundPositions) -> Gospa:
    """GOSPA of points in metres, cut-off 2 m. Far sources dominate it: their distance is barely observable.

    >>> import torch
    >>> true = torch.tensor([[[0.0, 0.0, 4.0]]])  # azimuth, elevation (radians), distance (metres)
    >>> found = torch.tensor([[[0.02, 0.0, 4.5]]])
    >>> round(cartesian_gospa(true, found).value.item(), 2)  # metres
    0.51
    """
    here, there = cartesian_from_positions(true), cartesian_from_positions(found)
    gap = (here[:, :, None] - there[:, None]).norm(dim=-1)
    endless = found[..., 2].isinf()[:, None].expand_as(gap)  # infinity times a zero cosine is NaN
    return gospa(gap.masked_fill(endless, torch.inf), occupied(true), occupied(found), CARTESIAN_CUTOFF)


def whitened_distance(true: TruePositions, found: FoundPositions, covariance: Float[Tensor, "scene true 3 3"]) -> Pairs:
    """sqrt(e^T C⁻¹ e) of every pair, where e is `position_error` and C the bound of the true source.

    A coordinate without a bound, which the array cannot tell, does not count.

    >>> import torch
    >>> true = torch.tensor([[[0.0, 0.0, 4.0]]])  # azimuth, elevation (radians), distance (metres)
    >>> found = torch.tensor([[[0.02, 0.0, 4.5]]])
    >>> covariance = torch.diag(torch.tensor([0.01, 0.01, 0.5]) ** 2).expand(1, 1, 3, 3)  # of the bound
    >>> whitened_distance(true, found, covariance)  # of every pair: sqrt(2² + 1²)
    tensor([[[2.2361]]])
    """
    error = position_error(true[:, :, None], found[:, None])
    scale = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
    told = occupied(true)[..., None] & ~scale.isnan()
    error = torch.where(told[:, :, None], error, torch.where(error.isnan(), error, 0.0))
    scale = torch.where(told, scale, 1.0)
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    both = told[..., :, None] & told[..., None, :]
    correlation = torch.where(both, correlation, torch.eye(3, dtype=scale.dtype, device=scale.device))
    factor = torch.linalg.cholesky(correlation)
    endless = error.isinf().any(-1)
    scaled = error.masked_fill(endless.unsqueeze(-1), 0) / scale[:, :, None]
    white = torch.linalg.solve_triangular(factor, scaled.to(factor.dtype).mT, upper=False)
    return white.norm(dim=-2).masked_fill(endless, torch.inf)


def position_error(true: Float[Tensor, "*true 3"], found: Float[Tensor, "*found 3"]) -> Float[Tensor, "... 3"]:
    """Found less true position, with the azimuth difference wrapped to [-π, π)."""
    error = found - true
    azimuth = torch.remainder(error[..., :1] + math.pi, 2 * math.pi) - math.pi
    return torch.cat([azimuth, error[..., 1:]], dim=-1)
