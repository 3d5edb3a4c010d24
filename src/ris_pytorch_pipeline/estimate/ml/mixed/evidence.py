"""How much more likely each source of several kinds is than scatter: energy from nowhere in particular."""

from dataclasses import replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....physics import Observation
from ...fit.counting.scatter import Scatter, background, colour_of
from ..hypothesis import Hypothesis
from .likelihood import MixedLikelihood

Colour = tuple[Float[Tensor, "scene frequency antenna"], Complex[Tensor, "scene frequency antenna antenna"]]


def evidence_of(likelihood: MixedLikelihood, end: Hypothesis, scatter: Scatter) -> Float[Tensor, "scene source"]:
    """2 (NLL without a source - NLL with it), scatter and noise fitted both times, the other places held.

    Scatter is noise of covariance t σ² K, K = U Λ U^H the colour of the channel: it may take the place of the source.
    With t as it is fitted to what the sources leave over, measurements and channel are whitened by
    (1 + t Λ)^(-1/2) U^H, and the likelihood is that of white noise again.

    Args:
        likelihood: of the sources.
        end: where they are.
        scatter: beside the responses of `responses_by_kind`.
    """
    count, colour = len(likelihood.kinds), colour_of(likelihood.observation)
    every = list(range(count))
    whole = _beside_scatter(likelihood, end, scatter, colour, every)
    rest = [_beside_scatter(likelihood, end, scatter, colour, [k for k in every if k != each]) for each in every]
    return 2 * (torch.stack(rest, dim=1) - whole[:, None])


def _beside_scatter(
    likelihood: MixedLikelihood, end: Hypothesis, scatter: Scatter, colour: Colour, slots: list[int]
) -> Float[Tensor, "scene"]:  # noqa: F821
    """NLL of some of the sources with scatter and noise fitted."""
    seen, rows = likelihood.observation, torch.arange(len(end.value), device=end.value.device)
    snapshots, antennas = seen.measurements.shape[-2:]
    kept = torch.isin(_owners(likelihood, snapshots), torch.tensor(slots)).to(rows.device)
    groups = scatter.groups.keeping(kept.expand_as(scatter.groups.present))
    shape = background(groups, scatter.colour)[0].unflatten(-1, (snapshots, antennas))[:, :, 0]
    white = replace(likelihood, observation=_whitened(seen, shape, colour)).only(slots)
    return white.start_at(rows, end.cosines[:, slots]).value + snapshots * shape.log().sum((-1, -2))


def _owners(likelihood: MixedLikelihood, snapshots: int) -> Tensor:
    """(column,): the source of each response of `responses_by_kind`."""
    random = [k for k, each in enumerate(likelihood.random) if each]
    others = [k for k, each in enumerate(likelihood.random) if not each]
    return torch.tensor([k for k in random for _ in range(snapshots)] + others)


def _whitened(observation: Observation, shape: Float[Tensor, "scene frequency antenna"], colour: Colour) -> Observation:
    """Measurements and channel in noise of covariance U (1 + t Λ) U^H, as in white noise."""
    weight = shape.rsqrt().unsqueeze(-1) * colour[1].mH  # (scene, frequency, antenna, antenna)
    measured = observation.measurements if observation.wide else observation.measurements.unsqueeze(1)
    channel = weight @ observation.by_frequency()[1]
    return replace(
        observation,
        measurements=(measured @ weight.mT).reshape(observation.measurements.shape),
        channel=channel.reshape(observation.channel.shape),
    )
