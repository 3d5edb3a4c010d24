"""What errors of the model look like: noise that grows and fades with the sources, coloured by the channel or not.

A wrong phase, gain, channel or carrier leaves a part of every source over. What it leaves follows the source's energy
from snapshot to snapshot, which neither noise nor scatter from elsewhere does. The rivals of a source of random symbols
are therefore three backgrounds: σ² (1 + t Λ), σ² (1 + t e_g Λ) and σ² (1 + t e_g), with Λ the channel's colour and
e_g the energy of the other sources in group g.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ....shapes import Mask
from ..groups import Groups
from .scatter import Scatter, background, misscale, stochastic_value

_PRICE = 3.0
"""Nats by which a background that follows the sources has to be better: it is chosen out of three."""

SPEAKS = 2.5
"""Evidence of errors, `error_evidence`, that speaks of them. 3 of 24 right scenes have more; of 144 with K = 5 at 10 dB
or K = 1..3 at 0 and 5 dB one lost a source that a limit of 5 would keep. Where a false source fits errors 2 to 4 are
left."""


@dataclass(frozen=True, eq=False)
class Background:
    """A background of some scenes.

    Args:
        covariance: (scene, group or 1, equation), σ² (1 + t Λ), diagonal.
        noise: (scene,), σ².
        value: (scene,), NLL of what the sources leave over.
    """

    covariance: Float[Tensor, "scene group equation"]
    noise: Float[Tensor, "scene"]  # noqa: F821
    value: Float[Tensor, "scene"]  # noqa: F821


def energy_by_group(groups: Groups) -> Float[Tensor, "scene group"]:
    """Energy of the fitted sources in each group over its mean; 1 without a source."""
    fitted = groups.measurements - groups.residual(groups.measurements)
    energy = torch.view_as_real(fitted).square().sum((-1, -2))
    relative = energy / energy.mean(-1, keepdim=True).clamp_min(1e-300)
    return torch.where(groups.present.any(-1)[:, None], relative, torch.ones_like(relative))


def backgrounds(scatter: Scatter, present: Mask, cause: Mask, *, white: bool = True) -> list[Background]:
    """White noise, where asked for, and the three rivals beside some sources; two follow those of `cause`."""
    groups = scatter.groups.keeping(present)
    energy = energy_by_group(scatter.groups.keeping(cause))[:, :, None]
    flat = torch.ones_like(scatter.colour)
    found, rivals = list[Background](), (scatter.colour, energy * scatter.colour, energy * flat)
    for colour in (0 * flat, *rivals) if white else rivals:
        shape, noise, value = background(groups, colour)
        found.append(Background(shape * noise[:, None, None], noise, value))
    return found


def values(
    scatter: Scatter, present: Mask, powers: Tensor, cause: Mask, *, white: bool = True
) -> Float[Tensor, "rival scene"]:  # fmt: skip
    """NLL of some sources in each of the backgrounds, white noise first where it is asked for."""
    groups = scatter.groups.keeping(present)
    found = []
    for rival in backgrounds(scatter, present, cause, white=white):
        noise = rival.covariance.expand(-1, groups.measurements.shape[1], -1)
        noise = noise * misscale(groups, powers, noise)[:, None, None]
        found.append(stochastic_value(groups, powers, noise))
    return torch.stack(found)


def error_evidence(scatter: Scatter, present: Mask, powers: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """2 ΔNLL that a background following the sources gains over white noise; 157 of 160 right scenes stay below 5."""
    found = values(scatter, present, powers, present)
    return 2 * (found[0] - found[2:].amin(0))


def gain_over_errors(scatter: Scatter, present: Mask, powers: Tensor) -> Float[Tensor, "scene source"]:
    """2 (NLL without a source - NLL with it), the best rival fitted both times; NaN in empty slots."""
    found = powers.new_full(powers.shape, torch.nan)
    for source in range(present.shape[1]):
        rows = torch.nonzero(present[:, source]).squeeze(-1)
        if rows.numel():
            found[rows, source] = _gain_of(
                _rows(scatter, rows), present[rows], powers[rows], torch.full_like(rows, source)
            )
    return found


def all_gain(scatter: Scatter, powers: Tensor, share: Float[Tensor, "scene source"], asked: float) -> Tensor:
    """(scene,): where a share of each source's `gain_over_errors` is more than is asked.

    The source of the least share is asked first, of several the last one, and scenes in which one lacks are not asked
    for the others: most scenes that grow lack that one.

    Args:
        scatter: sources that are all there.
        powers: (scene, source).
        share: of each gain that counts.
        asked: 2 ΔNLL.
    """
    present, rows = scatter.groups.present, torch.arange(len(powers), device=powers.device)
    order = present.shape[1] - 1 - share.flip(-1).argsort(dim=-1, stable=True)
    for sources in order.mT:
        if rows.numel() == 0:
            break
        source = sources[rows]
        gain = _gain_of(_rows(scatter, rows), present[rows], powers[rows], source)
        rows = rows[gain * share[rows, source] > asked]
    stands = torch.zeros_like(present[:, 0])
    stands[rows] = True
    return stands


def _gain_of(scatter: Scatter, present: Mask, powers: Tensor, source: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """The gain of one source of each scene, which is there."""
    others = present.clone()
    others[torch.arange(len(others), device=others.device), source] = False
    without, beside = (_best(values(scatter, kept, powers, others, white=False)) for kept in (others, present))
    return 2 * (without - beside)


def _best(found: Float[Tensor, "rival scene"]) -> Float[Tensor, "scene"]:  # noqa: F821
    return torch.minimum(found[0], found[1:].amin(0) + _PRICE)


def _rows(scatter: Scatter, rows: Tensor) -> Scatter:
    return Scatter(scatter.groups[rows], scatter.colour[rows], scatter.coherent)


def likeliest(scatter: Scatter, present: Mask) -> Background:
    """The background that fits best beside some sources, scene by scene."""
    found = backgrounds(scatter, present, present, white=False)
    best = torch.stack([rival.value for rival in found]).argmin(0)
    scene, groups = torch.arange(len(best), device=best.device), scatter.groups.measurements.shape[1]
    covariance = torch.stack([rival.covariance.expand(-1, groups, -1) for rival in found])
    noise, value = (torch.stack([vars(rival)[name] for rival in found]) for name in ("noise", "value"))
    return Background(covariance[best, scene], noise[best, scene], value[best, scene])


def sources_share(scatter: Scatter, present: Mask) -> Float[Tensor, "scene"]:  # noqa: F821
    """Which part of what came through the channel is the sources': E_s/(E_s + E_b), both without the noise.

    E_s is the energy in the span of the sources less what the background puts there, E_b the background's.
    """
    groups, rival = scatter.groups.keeping(present), likeliest(scatter, present)
    basis = torch.view_as_real(groups.basis).square().sum(-1)
    along = torch.view_as_real(groups.basis @ groups.measurements.unsqueeze(-1)).square().flatten(1).sum(-1)
    own = (along - (basis * rival.covariance[:, :, None]).flatten(1).sum(-1)).clamp_min(0)
    other = (rival.covariance - rival.noise[:, None, None]).clamp_min(0).flatten(1).sum(-1)
    return own / (own + other).clamp_min(1e-300)
