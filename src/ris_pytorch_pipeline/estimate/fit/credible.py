"""How many of the found sources stand out: none is kept that scatter of the channel's colour explains as well."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...physics import Observation
from ...shapes import Counts
from .expected import expected_growth, expected_share
from .groups import Groups, loaded_gram
from .scatter import gains, growth, losses, scatter_of, steady_scatter_of

_ASKED = 2.0
"""Evidence that each source has to bring where the fit is bad or the SNR is high, over the detection threshold.

A source that is none gains up to 1.5 thresholds over scatter under the mismatches of `benchmarks/model_fit.py`."""
_CERTAIN = 1.75
"""Gain of a source of random symbols over the threshold that keeps it, where the residual is white."""
_NEARLY = 0.9
_SAME, _FEW = 0.7, 8
"""Squared coherence of symbols above which two sources are one: by chance 1e-8 at 16 snapshots; and least snapshots."""
_SHARE = {False: 0.4, True: 0.7}
"""Part of the expected evidence that sources have to bring. Of right scenes of the presets 1 % bring less than 0.4 of
it for random symbols at 5 and 10 dB, and less than 0.8 for pilots; under conjugated codes the median is 0.16."""
_CLEAR = 4.0
"""Pilots whose every source brings this many thresholds are not compared with steady scatter, which costs more."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What sources explain beyond scatter.

    Args:
        gains: (scene, source), of each source beside the others, 2 (NLL without - NLL with); NaN in empty slots.
        expected_share: (scene,), share of the energy that they would explain if the model held.
        asked: (scene,), evidence that each source has to bring on average.
        growth: (scene, order), of the strongest k sources; -inf beyond a scene's order.
        single: (scene,), the number of strongest sources before one that carries the symbols of an earlier one.
        certain: gain from which on a source is kept whatever the growth says: weak ones of many sources grow slowly.
    """

    gains: Float[Tensor, "scene source"]
    expected_share: Float[Tensor, "scene"]  # noqa: F821
    asked: Float[Tensor, "scene"]  # noqa: F821
    growth: Float[Tensor, "scene order"]
    single: Counts
    certain: Float[Tensor, "scene"]  # noqa: F821

    @property
    def credible(self) -> Counts:
        """The number of strongest sources k with the most evidence beyond what is asked: argmax G_k - k asked.

        It is at least as large as keeps every source that is certain, where all together bring nearly what is asked.
        """
        slots = torch.arange(self.growth.shape[1], device=self.growth.device)
        grown = (self.growth - slots * self.asked[:, None]).argmax(-1)
        if not self.gains.shape[1]:
            return grown
        grown = torch.minimum(grown, self.single)
        order = (~self.gains.isnan()).sum(-1)
        total = self.growth.gather(1, order[:, None]).squeeze(1)
        sure = ((self.gains > self.certain[:, None]) * slots[1:]).amax(-1)
        raised = torch.where(total > _NEARLY * order * self.asked, torch.maximum(grown, sure), grown)
        return torch.minimum(raised, self.single)


def evidence(
    observation: Observation, groups: Groups, powers: Tensor, threshold: float, doubtful: Tensor, *, counting: bool
) -> Evidence:  # fmt: skip
    """Weigh sources against scatter.

    Args:
        observation: scaled scenes.
        groups: their groups, strongest source first.
        powers: (scene, source), of the scaled scenes.
        threshold: τ, the gain that a detection needs.
        doubtful: (scene,), True where the residual is not white: the most is asked there.
        counting: whether sources are to be counted; only then pilots are compared with steady scatter.
    """
    powers = powers.nan_to_num(0)
    scatter = scatter_of(observation, groups)
    values = losses(scatter, powers)
    found = growth(values, groups.order)
    expected = expected_growth(scatter, powers)
    count = groups.order.clamp_min(1)
    asked = (_SHARE[scatter.coherent] * expected / count).clamp(0, _ASKED * threshold)
    asked = torch.where(doubtful, torch.full_like(asked, _ASKED * threshold), asked)
    each = gains(scatter, powers, values[:, -1])
    if scatter.coherent and counting:
        found = _steadily(observation, groups, powers, found, each, threshold)
    unsure = doubtful | scatter.coherent
    certain = torch.where(unsure, torch.full_like(asked, torch.inf), torch.full_like(asked, _CERTAIN * threshold))
    return Evidence(each, expected_share(scatter), asked, found, single_sources(groups), certain)


def single_sources(groups: Groups) -> Counts:
    """(scene,): the number of strongest sources before the first that carries the symbols of an earlier one.

    Random symbols of two sources are independent: their squared coherence over L snapshots, with what the noise adds
    taken out, exceeds x by chance with probability (1 - x)^(L - 1). One source seen through a wrong model shows as
    several with the same symbols.
    """
    count, snapshots = groups.present.shape[1], groups.measurements.shape[1]
    if count < 2 or snapshots < _FEW:
        return groups.order
    s = groups.amplitudes * groups.present[:, None]
    left = torch.view_as_real(groups.residual(groups.measurements)).square().sum((-1, -2, -3))
    noise = left / (groups.equations - groups.order * snapshots).clamp_min(1)
    inverse = torch.linalg.inv(loaded_gram(groups.responses, groups.present)).mean(1)
    raw = s.mT @ s.conj() / snapshots
    clean = raw - noise[:, None, None] * inverse.mT
    power = torch.maximum(clean.diagonal(dim1=-2, dim2=-1).real, raw.diagonal(dim1=-2, dim2=-1).real / 2).clamp_min(
        1e-30
    )
    same = torch.view_as_real(clean).square().sum(-1) / (power[:, :, None] * power[:, None]) > _SAME
    pairs = groups.present[:, :, None] & groups.present[:, None]
    repeated = (same & pairs).tril(-1).any(-1)
    first = torch.where(repeated.any(-1), repeated.int().argmax(-1), groups.order)
    return torch.minimum(first, groups.order)


def _steadily(
    observation: Observation, groups: Groups, powers: Tensor, found: Tensor, each: Tensor, threshold: float
) -> Tensor:
    """Growth against steady scatter, for scenes in which some source is not clear; the lesser of both."""
    unclear = torch.nonzero((each < _CLEAR * threshold).any(-1)).squeeze(-1)
    if unclear.numel() == 0:
        return found
    part = Groups(
        groups.measurements[unclear], groups.responses[unclear], groups.present[unclear], groups.antennas
    )  # fmt: skip
    steady = growth(losses(steady_scatter_of(observation[unclear], part), powers[unclear]), part.order)
    result = found.clone()
    result[unclear] = torch.minimum(found[unclear], steady)
    return result


def weak(found: Evidence, threshold: float, order: Counts) -> Tensor:
    """(scene,): True where a source brings less evidence than a detection needs, or all together too little."""
    total = found.growth.gather(1, order[:, None]).squeeze(1)
    few = (found.gains < threshold).any(-1) if found.gains.shape[1] else torch.zeros_like(order).bool()
    return (order > 0) & (few | (total < order * found.asked))
