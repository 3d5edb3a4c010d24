"""Between which ends does a coordinate lie with a given probability, distance by its inverse?"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import InputError
from ..shapes import Positions


@dataclass(frozen=True, kw_only=True, eq=False)
class Interval:
    """The ends of an interval for each coordinate of each source.

    >>> import torch
    >>> interval = Interval(low=torch.tensor([[[0.1, 0.0, 2.0]]]), high=torch.tensor([[[0.2, 0.1, 5.0]]]))
    >>> interval.holds(torch.tensor([[[0.15, 0.05, 6.0]]]))
    tensor([[[ True,  True, False]]])

    Args:
        low: (scene, source, 3), azimuth, elevation (radians) and distance (metres).
        high: likewise; an infinite distance where the measurements bound it from below alone.
    """

    low: Positions
    high: Positions

    def holds(self, positions: Positions) -> Tensor:
        """(scene, source, 3): whether positions lie within; False in empty slots."""
        return (self.low <= positions) & (positions <= self.high)


def reach_of(share: float) -> float:
    """Standard deviations on both sides that hold a share of normal errors.

    >>> round(reach_of(0.9), 3)
    1.645

    Args:
        share: within (0, 1).

    Raises:
        InputError: another share.
    """
    if not 0 < share < 1:
        raise InputError("a share within (0, 1)", str(share), "per cent, or the share that is left out", "pass 0.9")
    return float(torch.special.ndtri(torch.tensor((1 + share) / 2, dtype=torch.float64)))


def interval_of(positions: Positions, deviations: Positions, share: float) -> Interval:
    """The central interval of a normal error: φ ± z σ_φ, θ ± z σ_θ, and 1/(q ± z σ_q) with q = 1/r, σ_q = σ_r/r².

    Measurements speak of q: its error is normal where that of the distance has long tails, and an interval of q that
    reaches zero bounds the distance from below alone.

    >>> import torch
    >>> place, deviation = torch.tensor([[[0.3, 0.1, 5.0]]]), torch.tensor([[[0.01, 0.01, 2.0]]])
    >>> interval = interval_of(place, deviation, 0.9)
    >>> interval.low, interval.high  # 5 m ± 2 m is 3.02 m to 14.6 m
    (tensor([[[0.2836, 0.0836, 3.0158]]]), tensor([[[ 0.3164,  0.1164, 14.6174]]]))

    Args:
        positions: (scene, source, 3), radians, radians, metres.
        deviations: (scene, source, 3), standard deviations.
        share: of errors that the interval is to hold, within (0, 1).

    Returns:
        NaN where no deviation is stated.

    Raises:
        InputError: another share.
    """
    z = reach_of(share)
    (places, r), (spread, far) = (x.split([2, 1], dim=-1) for x in (positions, deviations))
    q, width = r.reciprocal(), z * far / r.square()
    nearest, farthest = (q + width).reciprocal(), (q - width).clamp_min(0).reciprocal()
    return Interval(
        low=torch.cat([places - z * spread, nearest], dim=-1),
        high=torch.cat([places + z * spread, farthest], dim=-1),
    )
