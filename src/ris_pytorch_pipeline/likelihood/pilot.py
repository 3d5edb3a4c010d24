"""How well constant symbols explain the measurements: residual, symbols, gradient and Fisher information."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from .gram import Gram

_ROUNDING = 1e-14
"""Part of the energy below which ‖y‖² - ‖P(B) y‖² is the rounding of double precision: no noise is left at 140 dB."""
_COARSE = 1e-5
"""Loading of blocks whose products of single precision, rounded, are of sources that no longer differ."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Variable projection of a block: the least-squares symbols s = B⁺ y, the residual, and D under P⊥(B).

    Args:
        symbols: s, (..., source).
        residual: ‖P⊥(B) y‖², (...); at least 1e-14 ‖y‖², since less is rounding.
        derivatives: D^H P⊥(B) D as (..., 3, source, 3, source).
        measured: D^H P⊥(B) y as (..., 3, source).
    """

    symbols: Complex[Tensor, "*block source"]
    residual: Float[Tensor, "*block"]
    derivatives: Complex[Tensor, "*block 3 source 3 source"]
    measured: Complex[Tensor, "*block 3 source"]


def project(gram: Gram, loading: float = 1e-12) -> Projection:
    """Project the measurements and the derivatives off the span of B.

    Args:
        gram: blocks, per snapshot or stacked.
        loading: relative to the mean of diag(B^H B); keeps a momentarily repeated source from breaking the solve. Where
            B^H B comes from products of single precision, its rounding can ask for more: such blocks get 1e-5.

    Returns:
        The projection of each block.
    """
    k = gram.sources
    bb, vb = gram.vectors[..., :k, :k], gram.vectors[..., k:, :k]
    mean = bb.diagonal(dim1=-2, dim2=-1).real.mean(-1)[..., None, None]
    eye = torch.eye(k, dtype=bb.dtype, device=bb.device)
    factor, failed = torch.linalg.cholesky_ex(bb + loading * mean * eye)
    if bool(failed.any()):
        coarse = torch.linalg.cholesky((bb + _COARSE * mean * eye)[failed > 0])
        factor = factor.index_put((failed > 0,), coarse)
    inverse = torch.cholesky_inverse(factor)
    symbols = (inverse @ gram.measured[..., :k, None]).squeeze(-1)
    explained = (gram.measured[..., :k].conj() * symbols).sum(-1).real
    derivatives = gram.vectors[..., k:, k:] - vb @ inverse @ vb.mH
    measured = gram.measured[..., k:] - (vb @ symbols.unsqueeze(-1)).squeeze(-1)
    return Projection(
        symbols=symbols,
        residual=torch.maximum(gram.energy - explained, _ROUNDING * gram.energy),
        derivatives=derivatives.unflatten(-1, (3, k)).unflatten(-3, (3, k)),
        measured=measured.unflatten(-1, (3, k)),
    )


def residual_gradient(projection: Projection) -> Float[Tensor, "*block parameter"]:
    """Gradient of ‖P⊥(B) y‖² over (a, b, q) of source 1, 2, ...: -2 Re{conj(s_k) d_k^H P⊥ y}."""
    inner = projection.symbols.conj().unsqueeze(-2) * projection.measured
    return -2 * inner.real.mT.flatten(-2)


def position_information(
    projection: Projection, symbols: Complex[Tensor, "*block source"]
) -> Float[Tensor, "*block parameter parameter"]:
    """2 Re{(D S)^H P⊥(B) (D S)} over (a, b, q) of source 1, 2, ...; divide by σ² for the Fisher information.

    The Kaufman Jacobian of the residual is -P⊥ D S, so this is also the Gauss-Newton curvature of ‖P⊥ y‖².
    """
    return information_of_moments(projection, symbols.conj().unsqueeze(-1) * symbols.unsqueeze(-2))


def information_of_moments(
    projection: Projection, moments: Complex[Tensor, "*block source source"]
) -> Float[Tensor, "*block parameter parameter"]:
    """`position_information` from the moments conj(s) s^T, or from their sum over snapshots that share a code."""
    blocks = torch.einsum("...xkzm,...km->...kxmz", projection.derivatives, moments)
    return 2 * blocks.real.flatten(-4, -3).flatten(-2)


def position_scores(gram: Gram, stacked: Gram) -> Float[Tensor, "*batch block parameter"]:
    """Terms of `residual_gradient`, snapshot by snapshot: -2 Re{conj(s_k) (d_k - B X)^H_l (y_l - B_l s)}, X = B⁺ D.

    Args:
        gram: a block per snapshot and frequency, (..., block).
        stacked: the same summed over the snapshots, a block per frequency.
    """
    k, frequencies = gram.sources, stacked.vectors.shape[-3]
    bb, bd = stacked.vectors[..., :k, :k], stacked.vectors[..., :k, k:]
    both = torch.cat([stacked.measured[..., :k].unsqueeze(-1), bd], dim=-1)
    solved = torch.linalg.solve(bb, both)
    symbols, through = solved[..., :1], solved[..., 1:]
    each = gram.vectors.shape[-3] // frequencies
    symbols, through = (x.repeat_interleave(each, dim=-3) for x in (symbols, through))
    left = gram.measured.unsqueeze(-1) - gram.vectors[..., :k] @ symbols  # V^H r
    inner = (left[..., k:, :] - through.mH @ left[..., :k, :]).squeeze(-1).unflatten(-1, (3, k))
    return -2 * (symbols.squeeze(-1).conj().unsqueeze(-2) * inner).real.mT.flatten(-2)
