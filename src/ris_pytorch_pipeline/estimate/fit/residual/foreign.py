"""Is what a scene without a source leaves neither white noise nor of the channel's colour? Then no source is missed."""

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from ....physics import Observation, complex_normal
from ....rng import stream
from ..counting.scatter import scatter_of
from ..groups import Groups
from .structure import by_student

_DRAWS = 40
_CERTAIN = 1e-6
"""Draws of noise, and the p-value below which the measurements are foreign."""


def foreign(observation: Observation, groups: Groups) -> Bool[Tensor, "scene"]:  # noqa: F821
    """True where measurements are correlated over the antennas, and not as the channel is.

    A source too weak to be counted leaves energy of the channel's colour Λ. The measurements are whitened by scatter
    and noise fitted to them, σ² (1 + t Λ), and ‖C‖² of their covariance is compared with that of drawn white noise: a
    loud antenna and an interferer stay in it, what came through the channel does not.

    Args:
        observation: scaled scenes.
        groups: of any sources, which are left out.
    """
    scatter = scatter_of(observation, groups)
    shape, _ = scatter.without_sources()
    white = scatter.groups.blocks(scatter.groups.measurements * shape.rsqrt())
    noise = complex_normal((_DRAWS, 1, *white.shape[1:]), stream(0, "noise beside scatter")).to(white)
    drawn = noise.expand(-1, len(white), -1, -1)
    frequencies = observation.array.frequencies
    return by_student(_correlation(white[None], frequencies)[0], _correlation(drawn, frequencies)) < _CERTAIN


def _correlation(blocks: Complex[Tensor, "draw scene block antenna"], frequencies: int) -> Float[Tensor, "draw scene"]:
    """The logarithm of ‖C_f‖² over the frequencies, C of snapshots at unit mean power."""
    tiny = torch.finfo(torch.float64).tiny
    mean = torch.view_as_real(blocks).square().sum(-1).mean((-1, -2), keepdim=True).clamp_min(tiny)
    split = (blocks / mean.sqrt()).unflatten(-2, (frequencies, -1))
    covariance = split.mT @ split.conj() / split.shape[-2]
    return torch.view_as_real(covariance).square().sum((-1, -2, -3)).mean(-1).clamp_min(tiny).log()
