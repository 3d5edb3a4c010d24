"""How likely measurements with random symbols are: value, score and Fisher information."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from .gram import Gram


@dataclass(frozen=True, eq=False)
class Whitened:
    """Inner products under Γ_l⁻¹, Γ_l = B_l P B_l^H + σ² I, by the matrix inversion lemma (K x K inverses only).

    With S = B^H B + σ² P⁻¹: V^H Γ⁻¹ V = (V^H V - V^H B S⁻¹ B^H V)/σ², and where one side is B there is no
    subtraction: V^H Γ⁻¹ B = V^H B S⁻¹ P⁻¹.

    Args:
        vectors: V^H Γ⁻¹ V as (..., snapshot, kind, source, kind, source), of 4 kinds or, where sources are held, 1.
        squared: V^H Γ⁻² B as (..., snapshot, kind, source, source).
        measured: V^H Γ⁻¹ y as (..., snapshot, kind, source).
        trace: tr Γ⁻¹, (..., snapshot).
        trace_squared: tr Γ⁻², (..., snapshot).
        quadratic: y^H Γ⁻¹ y, (..., snapshot).
        quadratic_squared: ‖Γ⁻¹ y‖², (..., snapshot).
        logdet: log|Γ|, (..., snapshot).
    """

    vectors: Complex[Tensor, "*block kind source kind source"]
    squared: Complex[Tensor, "*block kind source source"]
    measured: Complex[Tensor, "*block kind source"]
    trace: Float[Tensor, "*block"]
    trace_squared: Float[Tensor, "*block"]
    quadratic: Float[Tensor, "*block"]
    quadratic_squared: Float[Tensor, "*block"]
    logdet: Float[Tensor, "*block"]


def whiten(gram: Gram, powers: Float[Tensor, "*batch source"], noise_variance: Float[Tensor, "*batch"]) -> Whitened:
    """Whiten per-snapshot Gram matrices by the model covariance Γ_l.

    Args:
        gram: blocks of shape (..., snapshot).
        powers: (..., source), > 0.
        noise_variance: (...), σ² > 0.

    Returns:
        Inner products under Γ⁻¹ and Γ⁻².
    """
    k, m, n = gram.sources, gram.equations, gram.kinds
    s2 = noise_variance.unsqueeze(-1)
    inverse_powers = (1 / powers).unsqueeze(-2)
    bb, vb = gram.vectors[..., :k, :k], gram.vectors[..., :, :k]
    factor = torch.linalg.cholesky(bb + torch.diag_embed((s2.unsqueeze(-1) * inverse_powers).to(bb.dtype)))
    inverse = torch.cholesky_inverse(factor)
    explained = inverse @ bb  # E = S⁻¹ B^H B
    through = vb @ inverse  # V^H B S⁻¹
    cross = through * inverse_powers.unsqueeze(-2)  # V^H Γ⁻¹ B
    squared = cross @ (inverse * inverse_powers.unsqueeze(-2))  # V^H Γ⁻² B
    s2m = s2[..., None, None]
    vectors = (gram.vectors - through @ vb.mH) / s2m
    vectors = torch.cat([cross, vectors[..., k:]], dim=-1)
    vectors = torch.cat([cross.mH, vectors[..., k:, :]], dim=-2)
    solved = inverse @ gram.measured[..., :k, None]
    with_y = ((gram.measured.unsqueeze(-1) - vb @ solved) / s2m).squeeze(-1)
    with_y = torch.cat([solved.squeeze(-1) * inverse_powers, with_y[..., k:]], dim=-1)
    projected = (gram.measured[..., :k].conj() * solved.squeeze(-1)).sum(-1).real
    twice = (solved.mH @ bb @ solved).squeeze((-1, -2)).real
    trace = explained.diagonal(dim1=-2, dim2=-1).sum(-1).real
    trace2 = (explained * explained.mT).sum(dim=(-1, -2)).real
    diagonal = factor.diagonal(dim1=-2, dim2=-1).real
    logdet = (m - k) * s2.log() + 2 * diagonal.log().sum(-1) + powers.log().sum(-1, keepdim=True)
    return Whitened(
        vectors=vectors.unflatten(-1, (n, k)).unflatten(-3, (n, k)),
        squared=squared.unflatten(-2, (n, k)),
        measured=with_y.unflatten(-1, (n, k)),
        trace=(m - trace) / s2,
        trace_squared=(m - 2 * trace + trace2) / s2.square(),
        quadratic=(gram.energy - projected) / s2,
        quadratic_squared=(gram.energy - 2 * projected + twice) / s2.square(),
        logdet=logdet,
    )


def negative_log_likelihood(whitened: Whitened) -> Float[Tensor, "*batch"]:
    """NLL = Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l, without the constant L M log π."""
    return (whitened.logdet + whitened.quadratic).sum(-1)


def score(
    whitened: Whitened, powers: Float[Tensor, "*batch source"], noise_variance: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch parameter"]:
    """Gradient of the NLL over ((u, w, q) of source 1, 2, ..., log p_1, log p_2, ..., log σ²).

    g_i = Σ_l tr(Γ⁻¹ ∂_iΓ) - y^H Γ⁻¹ ∂_iΓ Γ⁻¹ y with ∂Γ/∂x = p (d b^H + b d^H), ∂Γ/∂log p = p b b^H, ∂Γ/∂log σ² = σ² I.
    """
    return block_scores(whitened, powers, noise_variance).sum(-2)


def block_scores(
    whitened: Whitened, powers: Float[Tensor, "*batch source"], noise_variance: Float[Tensor, "*batch"]
) -> Float[Tensor, "*block parameter"]:
    """The terms of `score`, block by block: independent and of mean zero where the model holds."""
    bd = whitened.vectors[..., 0, :, 1:, :].diagonal(dim1=-3, dim2=-1)  # (..., block, 3, source)
    by, dy = whitened.measured[..., 0, :], whitened.measured[..., 1:, :]
    loud = powers.unsqueeze(-2)
    by_position = 2 * (bd - dy.conj() * by.unsqueeze(-2)).real * loud.unsqueeze(-2)
    bb = whitened.vectors[..., 0, :, 0, :].diagonal(dim1=-2, dim2=-1).real
    by_power = loud * (bb - torch.view_as_real(by).square().sum(-1))
    by_noise = noise_variance.unsqueeze(-1) * (whitened.trace - whitened.quadratic_squared)
    return torch.cat([by_position.mT.flatten(-2), by_power, by_noise.unsqueeze(-1)], dim=-1)


def fisher_information(
    whitened: Whitened, powers: Float[Tensor, "*batch source"], noise_variance: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch parameter parameter"]:
    """F_ij = Σ_l tr(Γ⁻¹ ∂_iΓ Γ⁻¹ ∂_jΓ) over the parameters of `score`, from inner products alone.

    Positions: 2 p p' Re[(b^H d')(b'^H d) + (b^H b')(d'^H d)], position and log p': 2 p p' Re[(b^H b')(b'^H d)],
    log p and log p': p p' |b^H b'|², with log σ²: σ² times the same under Γ⁻²; all inner products under Γ⁻¹.
    """
    w = whitened.vectors
    bb, bd, dd = w[..., 0, :, 0, :], w[..., 0, :, 1:, :], w[..., 1:, :, 1:, :]
    pairs = powers.unsqueeze(-1) * powers.unsqueeze(-2)  # p_k p_m
    first = torch.einsum("...lkzm,...lmxk->...kxmz", bd, bd)
    second = torch.einsum("...lkm,...lzmxk->...kxmz", bb, dd)
    positions = 2 * (first + second).real * pairs[..., :, None, :, None]
    mixed = 2 * torch.einsum("...lkm,...lmxk->...kxm", bb, bd).real * pairs[..., :, None, :]
    log_powers = torch.view_as_real(bb).square().sum(dim=(-1, -4)) * pairs
    scale = noise_variance[..., None] * powers
    squared = whitened.squared.diagonal(dim1=-2, dim2=-1).real.sum(-3)  # (..., 4, source)
    noise_position = 2 * squared[..., 1:, :].mT * scale.unsqueeze(-1)
    noise_power = squared[..., 0, :] * scale
    noise = noise_variance.square() * whitened.trace_squared.sum(-1)
    positions, mixed = positions.flatten(-4, -3).flatten(-2), mixed.flatten(-3, -2)
    last = torch.cat([noise_position.flatten(-2), noise_power], dim=-1)
    upper = torch.cat([positions, mixed], dim=-1)
    lower = torch.cat([mixed.mT, log_powers], dim=-1)
    information = torch.cat([torch.cat([upper, lower], dim=-2), last.unsqueeze(-1)], dim=-1)
    final = torch.cat([last, noise.unsqueeze(-1)], dim=-1)
    return torch.cat([information, final.unsqueeze(-2)], dim=-2)
