"""Which found sources of random symbols are images of stronger ones, with the symbols of those and few of their own?

A ghost path is an image. Wrong phases, dead elements and a wrong channel make more: what the model does not explain of
a loud source is explained by further ones at places where nothing sends.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ....errors import InputError
from ....physics import Observation
from ....shapes import Mask
from ...estimate import Estimate, Status
from ...ml.scanning.gain import one_source_gain
from ...normalise import scale
from ..counting.model_error import gain_over_errors
from ..counting.scatter import scatter_of
from ..counting.spare import by_chance
from ..groups import Groups, groups_of, loaded_gram
from ..residual.structure import structure
from ..residual.tangents import tangents_of

_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Images:
    """What is an image of what, with the numbers that say so.

    >>> import torch
    >>> images = Images(
    ...     of=torch.tensor([[-1, 0]]), likeness=torch.tensor([[torch.nan, 0.97]]), own=torch.tensor([[410.0, 3.2]]),
    ...     chance=torch.tensor([1e-6]),
    ... )
    >>> print(*images.said(0))
    source 2 is an image of source 1: R² of their symbols is 0.97, and alone it gains 3, less than a detection needs
    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", horizontal=4, vertical=4, sources=2), scenes=1, seed=0)
    >>> found = images.without(ris.Sml(fit=False)(scenes.observation, sources=2))
    >>> found.order.tolist(), found.status[0].name
    ([1], 'MISFIT')

    Args:
        of: (scene, source), number of the source that each is an image of, -1 where it is none.
        likeness: (scene, source), R² of its symbols with that source's; NaN where it is no image.
        own: (scene, source), gain over errors of the model that is left without the symbols of stronger sources.
        chance: (scene,), of symbols as alike and a residual as unlike noise where all sources are independent.
    """

    of: Int[Tensor, "scene source"]
    likeness: Float[Tensor, "scene source"]
    own: Float[Tensor, "scene source"]
    chance: Float[Tensor, "scene"]  # noqa: F821

    def said(self, scene: int) -> tuple[str, ...]:
        """One sentence for each image in a scene; sources are numbered from 1, strongest first."""
        return tuple(
            f"source {number + 1} is an image of source {of + 1}: R² of their symbols is {float(alike):.2f}, and alone "
            f"it gains {float(own):.0f}, less than a detection needs"
            for number, (of, alike, own) in enumerate(
                zip(self.of[scene].tolist(), self.likeness[scene], self.own[scene], strict=True)
            )
            if of >= 0
        )

    def without(self, estimate: Estimate) -> Estimate:
        """The sources that are no images, where they were found; a scene that had images is a misfit.

        The fit is left out: it is that of all sources together.

        Args:
            estimate: the one that was asked about.
        """
        kept = (self.of < 0) & ~estimate.positions[..., 0].isnan()
        first = kept.long().argsort(dim=1, descending=True, stable=True)
        most = int(kept.sum(-1).max()) if len(estimate) else 0

        def chosen(values: Tensor) -> Tensor:
            mask = kept.view(*kept.shape, *(1,) * (values.ndim - 2))
            index = first.view(*first.shape, *(1,) * (values.ndim - 2)).expand_as(values)
            return values.masked_fill(~mask, torch.nan).gather(1, index)[:, :most]

        return replace(
            estimate,
            positions=chosen(estimate.positions),
            order=kept.sum(-1),
            powers=chosen(estimate.powers),
            deviations=chosen(estimate.deviations),
            sandwich=None if estimate.sandwich is None else chosen(estimate.sandwich),
            status=tuple(
                Status.MISFIT if image else said
                for image, said in zip((self.of >= 0).any(-1).tolist(), estimate.status, strict=True)
            ),
            fit=None,
        )


def images_of(observation: Observation, estimate: Estimate, *, alarm: float = 0.02, needed: float = 21.0) -> Images:
    """Ask each scene whether its sources are independent, and where they are not, which of them are images.

    Where the model holds, the least-squares symbols of a source, given those of the stronger ones, are Gaussian with
    the mean and variance that powers and σ² state. Standardised by these, they are as like any m sequences made of the
    stronger ones as chance has it: R² is Beta(m, L - m) for L snapshots. These chances are independent of each other
    and of what the sources leave over, so that their product with the p-value of the residual has Fisher's law. Where
    that is below `alarm`, a source counts only if it gains what a detection needs, over errors of the model, by the
    part of its symbols that is not those of stronger sources that count.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate import images_of
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=1, seed=0)
    >>> found = ris.Sml(fit=False)(scenes.observation)
    >>> images_of(scenes.observation, found).of.tolist()
    [[-1, -1]]

    Args:
        observation: scenes of random symbols.
        estimate: what was found in them, strongest source first, with powers and σ².
        alarm: chance at which independent sources behind a right model are taken for more than that; their weak ones
            are then called images.
        needed: τ, the gain of a detection.

    Raises:
        InputError: pilots or known symbols: constant symbols are always alike, and say nothing.
    """
    if observation.symbols != "random":
        raise InputError(
            "random symbols", f"symbols {observation.symbols!r}",
            "pilots, which are all alike and so tell no image from a source", "ask for the fit, `PilotMl(fit=True)`",
        )  # fmt: skip
    scaled = scale(observation)
    groups = groups_of(scaled.observation, estimate.positions)
    if groups.present.shape[1] == 0:
        empty = estimate.powers.new_zeros(estimate.powers.shape)
        return Images(empty.long(), empty, empty, torch.ones_like(estimate.noise_variance))
    powers = (estimate.powers * (scaled.channel / scaled.measured)[:, None]).masked_fill(~groups.present, 0)
    symbols = _Symbols.of(groups, powers, estimate.noise_variance / scaled.measured)
    tangents = tangents_of(scaled.observation, groups, estimate.positions)
    chance = _fisher(symbols.chances(), structure(scaled.observation, groups, tangents).p_value)
    over = gain_over_errors(scatter_of(scaled.observation, groups), groups.present, powers)
    return _named(symbols, over, (chance < alarm) & (groups.order > 1), needed, chance)


def _fisher(each: Float[Tensor, "scene test"], residual: Float[Tensor, "scene"]) -> Float[Tensor, "scene"]:  # noqa: F821
    """P(product of uniform numbers < these): NaN is no test."""
    logs = torch.cat([each, residual[:, None]], dim=1).clamp_min(_TINY).log()
    tests = (~logs.isnan()).sum(-1).to(logs)
    return torch.special.gammaincc(tests, -logs.nansum(-1))


def _named(symbols: "_Symbols", over: Tensor, asked: Tensor, needed: float, chance: Tensor) -> Images:
    """Source by source, strongest first, beside those that count."""
    counted = symbols.present.clone()
    own = over.clone()
    of = torch.full(counted.shape, -1, device=counted.device)
    likeness = torch.full_like(over, torch.nan)
    for source in range(1, counted.shape[1]):
        part = symbols.beside(source, counted[:, :source])
        own[:, source] = over[:, source].clamp_min(0) * part.share
        image = asked & counted[:, source] & (own[:, source] < needed)
        alike, like = part.each.max(-1)
        of[image, source], likeness[image, source] = like[image], alike[image].to(likeness)
        counted[image, source] = False
    return Images(of, likeness, own, chance)


@dataclass(frozen=True, eq=False)
class _Part:
    """Symbols of one source beside stronger ones.

    Args:
        chance: (scene,), of R² with all of them.
        each: (scene, stronger), R² with each.
        share: (scene,), of the source's gain that is left when theirs are taken out.
    """

    chance: Tensor
    each: Tensor
    share: Tensor


@dataclass(frozen=True, eq=False)
class _Symbols:
    """Least-squares symbols and their covariance P + σ² (B^H B)⁻¹ if all sources are independent.

    Args:
        values: (scene, group, source).
        covariance: (scene, group, source, source).
        powers: (scene, source).
        present: (scene, source).
    """

    values: Tensor
    covariance: Tensor
    powers: Tensor
    present: Mask

    @classmethod
    def of(cls, groups: Groups, powers: Tensor, noise: Tensor) -> "_Symbols":
        """Of groups in white noise."""
        error = torch.linalg.inv(loaded_gram(groups.responses, groups.present)) * noise[:, None, None, None]
        return cls(groups.amplitudes, error + torch.diag_embed(powers)[:, None], powers, groups.present)

    def chances(self) -> Float[Tensor, "scene test"]:
        """Of each source but the strongest, beside all stronger ones; NaN in empty slots."""
        sources = range(1, self.present.shape[1])
        each = [self.beside(source, self.present[:, :source]).chance for source in sources]
        found = torch.stack(each, dim=1) if each else self.powers[:, :0]
        return found.masked_fill(~self.present[:, 1:], torch.nan)

    def beside(self, source: int, stronger: Mask) -> _Part:
        """One source beside some of the stronger ones."""
        pairs = (stronger[:, None, :] & stronger[:, :, None])[:, None]
        others = self.covariance[..., :source, :source] * pairs + torch.diag_embed((~stronger).to(self.values))[:, None]
        across = self.covariance[..., :source, source] * stronger[:, None]
        heard = self.values[..., :source] * stronger[:, None]
        weights, said = torch.linalg.solve(others, torch.stack([across, heard], dim=-1)).unbind(-1)
        variance = (self.covariance[..., source, source] - (across.conj() * weights).sum(-1)).real.clamp_min(_TINY)
        own = (self.values[..., source] - (weights.conj() * heard).sum(-1)) * variance.rsqrt()
        sent = self.powers[:, None, :source] * said * variance.rsqrt()[..., None]
        return _part(own, sent, stronger, variance, self.powers[:, source])


def _part(own: Tensor, sent: Tensor, stronger: Mask, variance: Tensor, power: Tensor) -> _Part:
    """R² of unit-variance symbols of one source with what the stronger ones sent, and what is left of its gain."""
    energy = _energy(own)
    unit = sent / _energy(sent).sqrt()[:, None].clamp_min(_TINY)
    seen = unit.mT.conj() @ own.unsqueeze(-1)  # (scene, stronger, 1)
    gram = loaded_gram(unit.mT[:, None], stronger)[:, 0]
    left = own - (unit @ torch.linalg.solve(gram, seen)).squeeze(-1)
    likeness = 1 - _energy(left) / energy
    full, rest = (_gain(symbols, variance, power) for symbols in (own, left))
    each = torch.view_as_real(seen.squeeze(-1)).square().sum(-1) / energy[:, None]
    count = stronger.sum(-1)
    return _Part(by_chance(likeness, count, own.shape[1]), each, (rest / full.clamp_min(_TINY)).clamp_max(1))


def _energy(values: Tensor) -> Tensor:
    """Σ_l |x_l|² over the groups, axis 1."""
    return torch.view_as_real(values).square().sum(-1).sum(1).clamp_min(_TINY)


def _gain(symbols: Tensor, variance: Tensor, power: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """Gain of a source by symbols over their deviation, above those that σ² alone leaves."""
    weight = 1 / (variance - power[:, None]).clamp_min(_TINY)
    alpha = weight.square() * variance * torch.view_as_real(symbols).square().sum(-1)
    return one_source_gain(alpha.mT, weight.mT)[0]
