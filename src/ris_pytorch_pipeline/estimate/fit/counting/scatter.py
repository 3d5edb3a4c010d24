"""Do the sources explain more than scatter does: energy that comes through the channel from nowhere in particular?

The rival of a set of sources is Γ = B P B^H + σ² (I + t K) with K = G G^H: every panel vector is equally likely. A
wrong model only looks like noise of the channel's colour, so what it finds does not stand out from scatter.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....covariance import Factor, factored
from ....physics import Observation, coded_operator
from ....shapes import Mask
from ..groups import Groups

_RATIOS = torch.cat([torch.zeros(1), torch.logspace(-2, 3, 13)]).double()
"""Scatter over noise that are tried: 0, then in steps of 4 dB."""
_SETTLE = 1
"""Fixed-point iterations of σ² once the ratio is found."""
_ROUNDING = 8
"""Parts of the last digit of B^H Σ⁻¹ B that are added to I: more sources than equations leave no noise, and I is lost
beside them. Elsewhere it is less than 1e-8 of I."""


@dataclass(frozen=True, eq=False)
class Scatter:
    """Groups in the eigenbasis of the channel's colour, K = U Λ U^H, Λ of mean 1.

    Args:
        groups: the rotated groups.
        colour: (scene, group or 1, equation), Λ.
        coherent: whether amplitudes are unknown constants of a group (pilots), not random powers.
    """

    groups: Groups
    colour: Float[Tensor, "scene group equation"]
    coherent: bool

    def value(self, present: Mask, powers: Float[Tensor, "scene source"]) -> Float[Tensor, "scene"]:  # noqa: F821
        """NLL of some of the sources with scatter and noise fitted."""
        groups = self.groups.keeping(present)
        shape, noise = self._background(groups)
        if self.coherent:
            return self._coherent(groups, shape)
        for _ in range(_SETTLE):
            noise = noise * misscale(groups, powers, shape * noise[:, None, None])
        return stochastic_value(groups, powers, shape * noise[:, None, None])

    def without_sources(self) -> tuple[Tensor, Float[Tensor, "scene"]]:  # noqa: F821
        """1 + t Λ and σ² with no source: all that has the channel's colour is scatter."""
        return self._background(self.groups.keeping(torch.zeros_like(self.groups.present)))

    def _background(self, groups: Groups) -> tuple[Tensor, Tensor]:
        """1 + t Λ and σ² by maximum likelihood on what the sources leave over."""
        shape, noise, _ = background(groups, self.colour)
        return shape, noise

    def _coherent(self, groups: Groups, shape: Tensor) -> Tensor:
        """L M log f + log|I + t Λ| with f the residual in the metric of the scatter."""
        weight = shape.rsqrt().expand(-1, groups.measurements.shape[1], -1)
        white = Groups(
            groups.measurements * weight, groups.responses * weight[:, :, None], groups.present, groups.antennas
        )
        left = torch.view_as_real(white.residual(white.measurements)).square().sum((-1, -2, -3))
        return groups.equations * left.clamp_min(1e-300).log() - 2 * weight.log().sum((-1, -2))


def background(groups: Groups, colour: Float[Tensor, "scene group equation"]) -> tuple[Tensor, Tensor, Tensor]:
    """1 + t Λ, σ² and NLL of a background σ² (1 + t Λ) by maximum likelihood on what the sources leave over.

    Args:
        groups: in the basis in which the background is diagonal.
        colour: Λ; one group stands for all.
    """
    left = torch.view_as_real(groups.residual(groups.measurements)).square().sum(-1)
    kept = 1 - torch.view_as_real(groups.basis).square().sum(-1).sum(-2)  # how much of each equation is left over
    kept = kept.clamp_min(0)
    if colour.shape[1] == 1:
        left, kept = left.sum(1, keepdim=True), kept.sum(1, keepdim=True)
    shapes = 1 + _RATIOS.to(left).view(-1, 1, 1, 1) * colour
    count = kept.sum((-1, -2)).clamp_min(1e-9)
    noise = (left / shapes).sum((-1, -2)) / count
    value = count * noise.clamp_min(1e-300).log() + (kept * shapes.log()).sum((-1, -2))
    best = value.argmin(0)
    scene = torch.arange(len(left), device=left.device)
    return shapes[best, scene], noise[best, scene], value[best, scene]


def _whitened(groups: Groups, powers: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Factor]:
    """Whitened y and B P^(1/2), and the Cholesky factor of I + P^(1/2) B^H Σ⁻¹ B P^(1/2)."""
    weight = noise.rsqrt()
    y = groups.measurements * weight
    loud = powers.clamp_min(0).sqrt()[:, None, :, None]
    b = groups.responses * weight[:, :, None] * loud
    gram = b.conj() @ b.mT
    load = 1 + _ROUNDING * torch.finfo(noise.dtype).eps * gram.diagonal(dim1=-2, dim2=-1).real.sum(-1)
    return y, b, factored(gram + torch.diag_embed(load[..., None].expand(gram.shape[:-1]).to(gram.dtype)))


def stochastic_value(groups: Groups, powers: Tensor, noise: Tensor) -> Tensor:
    """Σ_g log|Γ_g| + y_g^H Γ_g⁻¹ y_g with Γ_g = B_g P B_g^H + diag(noise)."""
    y, b, factor = _whitened(groups, powers, noise)
    through = factor.forward(b.conj() @ y.unsqueeze(-1))
    spread = noise.log().expand(-1, y.shape[1], -1).sum((-1, -2))
    spread = spread + 2 * factor.diagonal.log().sum((-1, -2))
    energy = torch.view_as_real(y).square().sum((-1, -2, -3))
    return spread + energy - torch.view_as_real(through).square().sum((-1, -2, -3, -4))


def misscale(groups: Groups, powers: Tensor, noise: Tensor) -> Tensor:
    """What σ² has to be multiplied with: ‖Σ^(1/2) Γ⁻¹ y‖² over its expectation tr(Σ Γ⁻¹)."""
    y, b, factor = _whitened(groups, powers, noise)
    explained = b.mT @ factor.backward(factor.forward(b.conj() @ y.unsqueeze(-1)))
    left = torch.view_as_real(y - explained.squeeze(-1)).square().sum((-1, -2, -3))
    half = factor.forward(torch.eye(b.shape[-2], dtype=b.dtype, device=b.device).expand(*b.shape[:-1], -1))  # L⁻¹
    freedom = groups.equations - b.shape[-2] * y.shape[1] + torch.view_as_real(half).square().sum((-1, -2, -3, -4))
    return left / freedom.clamp_min(1)


def scatter_of(observation: Observation, groups: Groups) -> Scatter:
    """The groups beside scatter whose colour is the channel's, antenna by antenna: the same for every snapshot."""
    values, vectors = colour_of(observation)
    snapshots = observation.codes.shape[-2]
    blocks = groups.blocks(groups.measurements)
    each = vectors.repeat_interleave(snapshots, dim=1)  # (scene, block, antenna, antenna)
    rotated = (each.mH @ blocks.unsqueeze(-1)).squeeze(-1)
    split = groups.responses.unflatten(-1, (-1, groups.antennas)).transpose(2, 3).flatten(1, 2)
    turned = split @ each.conj()
    coherent = observation.symbols == "pilot"
    colour = values if values.shape[1] == 1 else values.repeat_interleave(snapshots, dim=1)
    if coherent:
        count = groups.measurements.shape[1]
        rotated = rotated.unflatten(1, (count, -1)).flatten(2)
        turned = turned.unflatten(1, (count, -1)).transpose(2, 3).flatten(3)
        colour = values.repeat_interleave(snapshots, dim=1).unflatten(1, (count, -1)).flatten(2)
    return Scatter(Groups(rotated, turned, groups.present, groups.antennas), colour, coherent)


def colour_of(
    observation: Observation,
) -> tuple[Float[Tensor, "scene frequency antenna"], Complex[Tensor, "scene frequency antenna antenna"]]:
    """Λ, of mean 1, and U of what comes through the channel from nowhere in particular, K = U Λ U^H."""
    codes, channel = observation.by_frequency()
    weight = torch.view_as_real(codes).square().sum(-1).mean(-2, keepdim=True).to(channel.dtype)
    return _eigen(channel * weight @ channel.mH)


def steady_scatter_of(observation: Observation, groups: Groups) -> Scatter:
    """The groups of pilots beside scatter that is steady like the pilots themselves: one panel vector for the block."""
    operators = coded_operator(*observation.by_frequency()).flatten(2, 3).to(torch.complex64)
    values, vectors = _eigen(operators @ operators.mH)
    vectors = vectors.to(groups.measurements.dtype)
    rotated = (vectors.mH @ groups.measurements.unsqueeze(-1)).squeeze(-1)
    turned = groups.responses @ vectors.conj()
    return Scatter(Groups(rotated, turned, groups.present, groups.antennas), values.double(), coherent=True)


def _eigen(kernel: Complex[Tensor, "*batch n n"]) -> tuple[Tensor, Tensor]:
    """Eigenvalues of mean 1, and eigenvectors."""
    values, vectors = torch.linalg.eigh(kernel)
    mean = values.mean(-1, keepdim=True).clamp_min(torch.finfo(values.dtype).tiny)
    return (values / mean).clamp_min(0), vectors


def gains(scatter: Scatter, powers: Tensor, full: Tensor) -> Float[Tensor, "scene source"]:
    """Evidence of each source: 2 (NLL without it - NLL with it), scatter and noise fitted both times.

    Args:
        scatter: the sources beside scatter.
        powers: (scene, source).
        full: (scene,), NLL of all of them.
    """
    present = scatter.groups.present
    without = [scatter.value(_less(present, k), powers) for k in range(present.shape[1])]
    if not without:
        return powers.new_zeros(powers.shape)
    return torch.where(present, 2 * (torch.stack(without, dim=1) - full[:, None]), torch.nan)


def losses(scatter: Scatter, powers: Tensor) -> Float[Tensor, "scene order"]:
    """NLL of the k strongest sources, k = 0, 1, ..."""
    present = scatter.groups.present
    slots = torch.arange(present.shape[1], device=present.device)
    return torch.stack([scatter.value(present & (slots < k), powers) for k in range(len(slots) + 1)], dim=1)


def growth(values: Float[Tensor, "scene order"], order: Tensor) -> Float[Tensor, "scene order"]:
    """Evidence of the k strongest sources: 2 (NLL_0 - NLL_k) of `losses`; -inf beyond a scene's order."""
    slots = torch.arange(values.shape[1], device=values.device)
    return (2 * (values[:, :1] - values)).masked_fill(slots > order[:, None], -torch.inf)


def _less(present: Mask, source: int) -> Mask:
    return present & (torch.arange(present.shape[1], device=present.device) != source)
