"""Which of the found sources stand out: none is kept that scatter or errors of the model explain as well."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ....physics import Observation
from ....shapes import Counts, Mask
from ..groups import Groups
from .expected import expected_growth, expected_share, stated_share
from .scatter import gains, growth, losses, scatter_of, steady_scatter_of
from .spare import kept_sources

_ASKED = 2.0
"""Evidence that each source has to bring where the fit is bad or the SNR is high, over the detection threshold.

A source that is none gains up to 1.5 thresholds over scatter under the mismatches of `benchmarks/model_fit.py`."""
_SHARE = {False: 0.4, True: 0.7}
"""Part of the expected evidence that sources have to bring. Of right scenes of the presets 1 % bring less than 0.4 of
it for random symbols at 5 and 10 dB, and less than 0.8 for pilots; under conjugated codes the median is 0.16."""
_CLEAR = 4.0
"""Pilots whose every source brings this many thresholds are not compared with steady scatter, which costs more."""
_LEAST = 0.4
"""Part of the evidence expected over steady scatter that pilots have to bring, or none is a source. It is about 1 in
right scenes, 0.4 to 0.8 with phase errors of 0.5 rad, and below 0.2 with a scrambled element order."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What sources explain beyond scatter.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate.fit import groups_of
    >>> scenes = ris.simulate(ris.preset("random", sources=2), scenes=1, seed=0)
    >>> seen, truth = scenes.observation, scenes.truth
    >>> groups, white = groups_of(seen, truth.positions), torch.zeros(1, dtype=torch.bool)
    >>> found = evidence(seen, groups, truth.powers, 21.0, white, counting=True)
    >>> found.gains.shape, found.credible
    (torch.Size([1, 2]), tensor([[True, True]]))

    Args:
        gains: (scene, source), of each source beside the others, 2 (NLL without - NLL with); NaN in empty slots.
        expected_share: (scene,), share of the energy that they would explain if the model held.
        stated_share: (scene,), the same where the scene tells it, NaN elsewhere.
        asked: (scene,), evidence that each source has to bring on average.
        total: (scene,), evidence of all of them together.
        credible: (scene, source), True of sources to be kept where they are counted.
        alone: (scene, source), True of sources that are credible if no other reading of a silent scene is better.
    """

    gains: Float[Tensor, "scene source"]
    expected_share: Float[Tensor, "scene"]  # noqa: F821
    stated_share: Float[Tensor, "scene"]  # noqa: F821
    asked: Float[Tensor, "scene"]  # noqa: F821
    total: Float[Tensor, "scene"]  # noqa: F821
    credible: Mask
    alone: Mask


def evidence(
    observation: Observation,
    groups: Groups,
    powers: Tensor,
    threshold: float,
    doubtful: Tensor,
    *,
    counting: bool,
) -> Evidence:
    """Weigh sources against scatter.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate.fit import groups_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> seen, truth = scenes.observation, scenes.truth
    >>> groups, white = groups_of(seen, truth.positions), torch.zeros(1, dtype=torch.bool)
    >>> evidence(seen, groups, truth.powers, 21.0, white, counting=True).gains.round()  # 2 ΔNLL
    tensor([[298.]], dtype=torch.float64)

    Args:
        observation: scaled scenes.
        groups: their groups, strongest source first.
        powers: (scene, source), of the scaled scenes.
        threshold: τ, the gain that a detection needs.
        doubtful: (scene,), True where the residual is not white: the most is asked there.
        counting: whether sources are to be counted; otherwise all are credible.
    """
    powers = powers.masked_fill(~groups.present, 0)
    scatter = scatter_of(observation, groups)
    values = losses(scatter, powers)
    found = growth(values, groups.order)
    expected = expected_growth(scatter, powers)
    count = groups.order.clamp_min(1)
    asked = (_SHARE[scatter.coherent] * expected / count).clamp(0, _ASKED * threshold)
    asked = torch.where(doubtful, torch.full_like(asked, _ASKED * threshold), asked)
    each = gains(scatter, powers, values[:, -1])
    total = found.gather(1, groups.order[:, None]).squeeze(1)
    credible, alone = groups.present, torch.zeros_like(groups.present)
    if counting and scatter.coherent:
        credible = _steady(observation, groups, powers, (found, each, asked), threshold)
    elif counting:
        credible, alone = kept_sources(scatter, powers, threshold, doubtful)
    shares = expected_share(scatter), stated_share(scatter, observation.noise_variance)
    return Evidence(each, *shares, asked, total, credible, alone)


def _steady(
    observation: Observation, groups: Groups, powers: Tensor, weighed: tuple[Tensor, Tensor, Tensor], threshold: float
) -> Mask:
    """Of pilots the strongest k with the most evidence beyond what is asked, argmax G_k - k asked.

    Scenes in which some source is not clear are compared with scatter that is steady like the pilots themselves, too;
    the lesser evidence counts.
    """
    found, each, asked = weighed
    least = torch.zeros_like(asked)
    unclear = torch.nonzero((each < _CLEAR * threshold).any(-1)).squeeze(-1)
    if unclear.numel():
        steady = steady_scatter_of(observation[unclear], groups[unclear])
        grown = growth(losses(steady, powers[unclear]), groups.order[unclear])
        found = found.clone()
        found[unclear] = torch.minimum(found[unclear], grown)
        least[unclear] = _LEAST * expected_growth(steady, powers[unclear]).to(least)
    slots = torch.arange(found.shape[1], device=found.device)
    kept = (found - slots * asked[:, None]).argmax(-1)
    kept = torch.where(found.gather(1, kept[:, None]).squeeze(1) < least, torch.zeros_like(kept), kept)
    return groups.present & (slots[:-1] < kept[:, None])


def weak(found: Evidence, needed: Float[Tensor, "scene"], order: Counts) -> Tensor:  # noqa: F821
    """(scene,): True where a source brings less evidence than a detection needs, or all together too little.

    >>> import torch
    >>> each = torch.tensor([[90.0, 12.0]])
    >>> share, asked = torch.tensor([0.9]), torch.tensor([20.0])
    >>> found = Evidence(each, share, share, asked, each.sum(-1), each > 0, each < 0)
    >>> weak(found, torch.tensor([21.0]), torch.tensor([2]))  # the second source brings 12 of 21
    tensor([True])
    """
    few = (found.gains < needed[:, None]).any(-1) if found.gains.shape[1] else torch.zeros_like(order).bool()
    return (order > 0) & (few | (found.total < order * found.asked))
