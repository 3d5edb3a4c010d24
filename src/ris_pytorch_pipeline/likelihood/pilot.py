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

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import stacked_statistics
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=2), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> projection = project(stacked_statistics(scenes.observation).at(there, chart, torch.tensor([0])))
    >>> projection.symbols.shape, projection.derivatives.shape  # scene, frequency, ...
    (torch.Size([1, 1, 2]), torch.Size([1, 1, 3, 2, 3, 2]))

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

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import stacked_statistics
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1, snr_db=20.0), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = stacked_statistics(scenes.observation).at(there, chart, torch.tensor([0]))
    >>> project(gram).residual / gram.energy  # at 20 dB about 1 % is noise
    tensor([[0.0100]], dtype=torch.float64)

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
    """Gradient of ‖P⊥(B) y‖² over (a, b, q) of source 1, 2, ...: -2 Re{conj(s_k) d_k^H P⊥ y}.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import stacked_statistics
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1, snr_db=60.0), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> beside = there + torch.tensor([0.001, 0.0, 0.0])  # u is too large by 0.001
    >>> gram = stacked_statistics(scenes.observation).at(beside, chart, torch.tensor([0]))
    >>> residual_gradient(project(gram))[0, 0, 0] > 0  # a larger u would be worse
    tensor(True)
    """
    inner = projection.symbols.conj().unsqueeze(-2) * projection.measured
    return -2 * inner.real.mT.flatten(-2)


def position_information(
    projection: Projection, symbols: Complex[Tensor, "*block source"]
) -> Float[Tensor, "*block parameter parameter"]:
    """2 Re{(D S)^H P⊥(B) (D S)} over (a, b, q) of source 1, 2, ...; divide by σ² for the Fisher information.

    The Kaufman Jacobian of the residual is -P⊥ D S, so this is also the Gauss-Newton curvature of ‖P⊥ y‖².

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import stacked_statistics
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> projection = project(stacked_statistics(scenes.observation).at(there, chart, torch.tensor([0])))
    >>> F = position_information(projection, projection.symbols)[0, 0] / scenes.truth.noise_variance
    >>> F.inverse().diagonal().sqrt().round(decimals=3)  # ± of u, w and 1/r in 1/m
    tensor([0.0020, 0.0020, 0.0060], dtype=torch.float64)
    """
    return information_of_moments(projection, symbols.conj().unsqueeze(-1) * symbols.unsqueeze(-2))


def information_of_moments(
    projection: Projection, moments: Complex[Tensor, "*block source source"]
) -> Float[Tensor, "*block parameter parameter"]:
    """`position_information` from the moments conj(s) s^T, or from their sum over snapshots that share a code.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import stacked_statistics
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> projection = project(stacked_statistics(scenes.observation).at(there, chart, torch.tensor([0])))
    >>> unit, four = (information_of_moments(projection, torch.full((1, 1, 1, 1), p) + 0j) for p in (1.0, 4.0))
    >>> (four / unit).mean()  # four times the power tells four times as much
    tensor(4., dtype=torch.float64)
    """
    blocks = torch.einsum("...xkzm,...km->...kxmz", projection.derivatives, moments)
    return 2 * blocks.real.flatten(-4, -3).flatten(-2)


def position_scores(gram: Gram, stacked: Gram) -> Float[Tensor, "*batch block parameter"]:
    """Terms of `residual_gradient`, snapshot by snapshot: -2 Re{conj(s_k) (d_k - B X)^H_l (y_l - B_l s)}, X = B⁺ D.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram, stacked
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> terms = position_scores(gram, stacked(gram))
    >>> terms.shape, torch.allclose(terms.sum(1), residual_gradient(project(stacked(gram)))[:, 0])
    (torch.Size([1, 16, 3]), True)

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
