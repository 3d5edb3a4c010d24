"""Which found sources are errors of the model of stronger ones: those are spare, and not counted."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ....shapes import Mask
from ...ml.scanning.gain import one_source_gain
from ..groups import Groups, loaded_gram
from .model_error import SPEAKS, error_evidence, gain_over_errors, likeliest, sources_share
from .scatter import Scatter

ASKED, _ASKED_IN_DOUBT = 1.2, 1.7
"""Gain over errors of the model that a source has to bring, over the detection threshold: where nothing else speaks of
errors, and where something does. Of 309 true sources at 10 dB (K = 5, default panel) 1 % bring less than 1.3."""
_PART = 0.2
"""Part of the strongest source's gain that a source has to bring: phase errors of 0.5 rad and a bandwidth of 10 % leave
images with 0.06 to 0.2 of it. At 10 dB that is a source 13 dB below the strongest, at 20 dB one 17 dB below it."""
_LEAST = 0.4
"""Share of what came through the channel that sources have to explain: 0.42 is the least of 32 scenes with phase errors
of 0.5 rad; sources found with a scrambled element order stay below 0.3 where few are kept."""
_CHANCE, _CHANCE_IN_DOUBT = 1e-3, 0.05
"""Chance at which symbols are as like those of stronger sources, below which only the rest of them counts."""


@dataclass(frozen=True, eq=False)
class Symbols:
    """Symbols of the sources of random symbols, group by group, and how well each is known.

    Args:
        values: (scene, group, source), least squares in the metric of the background.
        weight: (scene, group, source), inverse variance of each.
        present: (scene, source).
    """

    values: Tensor
    weight: Float[Tensor, "scene group source"]
    present: Mask


def kept_sources(scatter: Scatter, powers: Tensor, threshold: float, doubtful: Tensor) -> tuple[Mask, Mask]:
    """(scene, source): True of sources that errors of the model of the others do not explain.

    The source with the least gain of its own goes first, as long as that is less than is asked; then the others are
    weighed again. Where all that are kept explain too little of what came through the channel, none is. A second answer
    is True of sources that bring what is asked beside all the others in scenes where nothing speaks of errors: a weak
    source that goes first leaves what looks like errors of the others, and at a low SNR all may follow it.

    Args:
        scatter: all found sources beside scatter, strongest first.
        powers: (scene, source), of the scaled scenes.
        threshold: τ, the gain that a detection needs.
        doubtful: (scene,), True where the residual is not white.
    """
    kept = scatter.groups.present.clone()
    strange = doubtful | (error_evidence(scatter, kept, powers) > SPEAKS)
    active = torch.nonzero(kept.any(-1)).squeeze(-1)
    looked = active
    alone = kept & ~strange[:, None]
    while active.numel():
        part = Scatter(scatter.groups[active], scatter.colour[active], scatter.coherent)
        some, strength = kept[active], powers[active]
        doubt = strange[active] | (error_evidence(part, some, strength) > SPEAKS)
        own = gain_over_errors(part, some, strength) * own_share(part, some, doubt)
        asked = torch.where(doubt, _ASKED_IN_DOUBT, ASKED) * threshold
        asked = torch.maximum(asked, _PART * own.masked_fill(~some, 0).amax(-1))
        least, worst = own.masked_fill(~some, torch.inf).min(-1)
        if active is looked:
            alone[active] &= own >= asked[:, None]
        drop = least < asked
        kept[active[drop], worst[drop]] = False
        active = active[drop & kept[active].any(-1)]
    if looked.numel():
        part = Scatter(scatter.groups[looked], scatter.colour[looked], scatter.coherent)
        kept[looked] &= (sources_share(part, kept[looked]) >= _LEAST)[:, None]
    return kept, alone


def symbols_of(scatter: Scatter, present: Mask) -> Symbols:
    """Symbols of some sources in the metric of the likeliest background."""
    groups, weight = scatter.groups.keeping(present), likeliest(scatter, present).covariance.rsqrt()
    white = Groups(
        groups.measurements * weight, groups.responses * weight[:, :, None], groups.present, groups.antennas
    )  # fmt: skip
    inverse = torch.linalg.inv(loaded_gram(white.responses, white.present)).diagonal(dim1=-2, dim2=-1).real
    return Symbols(white.amplitudes, 1 / inverse.clamp_min(1e-300), white.present)


def own_share(scatter: Scatter, present: Mask, doubt: Tensor) -> Float[Tensor, "scene source"]:
    """Part of each source's gain that is left when the symbols of stronger ones have been taken out of its own.

    One source seen through a wrong model shows as several with the same symbols.
    """
    found = symbols_of(scatter, present)
    chance = torch.where(doubt, _CHANCE_IN_DOUBT, _CHANCE)
    share = torch.ones(present.shape, dtype=found.weight.dtype, device=present.device)
    for source in range(1, present.shape[1]):
        full = _gain(found.values[..., source], found.weight[..., source])
        likeness, rest = _without_stronger(found, source)
        alike = by_chance(likeness, present[:, :source].sum(-1), found.values.shape[1]) < chance
        own = torch.where(alike, rest / full.clamp_min(1e-300), share[:, source])
        share[:, source] = own.clamp(0, 1)
    return share


def _gain(symbols: Tensor, weight: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """Gain of one source with given symbols, 2 max_p Σ p α/(1 + p β) - log(1 + p β)."""
    alpha = weight.square() * torch.view_as_real(symbols).square().sum(-1)
    return one_source_gain(alpha.mT, weight.mT)[0]


def _without_stronger(found: Symbols, source: int) -> tuple[Tensor, Tensor]:
    """R² of a source's symbols on those of the stronger ones, and the gain of what they leave."""
    weight = found.weight[..., source]
    stronger = found.values[..., :source] * found.present[:, None, :source] * weight.sqrt()[..., None]
    own = found.values[..., source] * weight.sqrt()
    gram = loaded_gram(stronger.mT[:, None], found.present[:, :source])[:, 0]  # conjugated on the left
    seen = stronger.mT.conj() @ own.unsqueeze(-1)
    left = own - (stronger @ torch.linalg.solve(gram, seen)).squeeze(-1)
    energy, rest = (torch.view_as_real(x).square().sum((-1, -2)) for x in (own, left))
    return 1 - rest / energy.clamp_min(1e-300), _gain(left * weight.rsqrt(), weight)


def by_chance(likeness: Tensor, stronger: Tensor, groups: int) -> Float[Tensor, "scene"]:  # noqa: F821
    """P(R² > x) of independent symbols: R² is Beta(m, L - m) for m regressors and L groups."""
    x = likeness.clamp(0, 1)
    terms = [math.comb(groups - 1, j) * x**j * (1 - x) ** (groups - 1 - j) for j in range(int(stronger.max()))]
    if not terms:
        return torch.ones_like(x)
    number = torch.arange(len(terms), device=x.device)
    chance = (torch.stack(terms, dim=-1) * (number < stronger[:, None])).sum(-1)
    return torch.where((stronger > 0) & (stronger < groups), chance, torch.ones_like(x))
