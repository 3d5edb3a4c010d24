"""How well is each snapshot predicted by a fit to the others? To first order, without a fit for each of them."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from .gram import Gram
from .stochastic import block_scores, fisher_information, whiten

_LEAST, _LEAST_NOISE = 1e-6, 0.1
"""Parts of a power and of σ² that a fit to the other snapshots leaves at least. More sources than antennas leave a
σ² near 0, and a tenth of that can be factored."""
_RIDGE = 1e-9
"""Added to normal equations of unit diagonal: what the other snapshots do not tell is left where it is."""


def held_out_random(
    gram: Gram, powers: Float[Tensor, "*batch source"], noise_variance: Float[Tensor, "*batch"], frequencies: int
) -> Float[Tensor, "*batch snapshot"]:  # fmt: skip
    """log|Γ_l| + y_l^H Γ_l⁻¹ y_l of each snapshot l at the optimum θ_{-l} of all others.

    With scores g_l and Fisher information J at the optimum θ of all L snapshots, θ_{-l} = θ + L/(L - 1) J⁻¹ (g_l - ḡ),
    powers and σ² to first order in themselves, not in their logarithms: a source that only one snapshot hears has no
    power in the others. Moves of the sources count to first order, along coordinates that a field holds, too. The sum
    over l is Takeuchi's criterion to that order, which is leave-one-out prediction (Stone, J. R. Stat. Soc. B 39,
    1977).

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> seen, truth = scenes.observation, scenes.truth
    >>> chart, there = chart_of(truth.positions, seen.array)
    >>> gram = snapshot_gram(there, chart, seen, seen.measurements)
    >>> held_out_random(gram, truth.powers, truth.noise_variance, 1).shape
    torch.Size([1, 16])

    Args:
        gram: blocks of shape (..., block) at the optimum, frequency by frequency.
        powers: there, > 0.
        noise_variance: σ² there.
        frequencies: of each snapshot.
    """
    whitened, sources = whiten(gram, powers, noise_variance), powers.shape[-1]
    scores = block_scores(whitened, powers).unflatten(-2, (frequencies, -1)).sum(-3)
    scores = scores - scores.mean(-2, keepdim=True)
    snapshots = scores.shape[-2]
    step = scores @ _inverse(fisher_information(whitened, powers)) * (snapshots / (snapshots - 1))
    moved = (scores * step)[..., : 3 * sources].sum(-1)
    levels = 1 + step[..., 3 * sources :]
    by_snapshot = _by_snapshot(replace(gram, kinds=1, **_alone(gram)), frequencies)
    others = powers.unsqueeze(-2) * levels[..., :-1].clamp_min(_LEAST)
    left = whiten(by_snapshot, others, noise_variance.unsqueeze(-1) * levels[..., -1].clamp_min(_LEAST_NOISE))
    return (left.logdet + left.quadratic).sum(-1) + moved


def held_out_steady(gram: Gram, frequencies: int) -> Float[Tensor, "*batch snapshot"]:
    """M log σ²_{-l} + e_l/σ²_{-l} of each snapshot l, e_l = ‖y_l - B_l s - D_l δ‖² with s and δ of the other snapshots.

    Amplitudes s and moves δ of the sources are those of least squares, δ linearised at the optimum of all snapshots;
    σ²_{-l} is the mean of the other e (Allen's PRESS, Technometrics 16, 1974).

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
    >>> seen, truth = scenes.observation, scenes.truth
    >>> chart, there = chart_of(truth.positions, seen.array)
    >>> gram = snapshot_gram(there, chart, seen, seen.measurements)
    >>> nothing = snapshot_gram(there[:, :0], chart, seen, seen.measurements)
    >>> bool((held_out_steady(gram, 1) < held_out_steady(nothing, 1)).all())  # the source tells of each snapshot
    True

    Args:
        gram: blocks of shape (..., block) at the optimum, frequency by frequency.
        frequencies: of each snapshot; amplitudes differ between them.
    """
    by_snapshot = _by_snapshot(gram, frequencies)
    equations = by_snapshot.equations * frequencies
    energy = by_snapshot.energy.sum(-1)
    if gram.sources:
        energy = _left(by_snapshot, energy)
    others = energy.sum(-1, keepdim=True) - energy
    noise = (others / (equations * (energy.shape[-1] - 1))).clamp_min(torch.finfo(energy.dtype).tiny)
    return equations * noise.log() + energy / noise


def _left(gram: Gram, energy: Float[Tensor, "*batch snapshot"]) -> Float[Tensor, "*batch snapshot"]:
    """E_l - 2 c_l^T x + x^T A_l x with x of the normal equations (A - A_l) x = c - c_l.

    Moves are common to all frequencies, amplitudes are not: these are eliminated frequency by frequency.
    """
    normal, heard, few = *_equations(gram), 2 * gram.sources
    rest, asked = normal.sum(-4, keepdim=True) - normal, heard.sum(-3, keepdim=True) - heard
    eye = torch.eye(rest.shape[-1], dtype=rest.dtype, device=rest.device)
    own, cross = rest[..., :few, :few] + _RIDGE * eye[:few, :few], rest[..., :few, few:]
    solved = torch.linalg.solve(own, torch.cat([cross, asked[..., :few, None]], dim=-1))
    schur = torch.cat([rest[..., few:, few:], asked[..., few:, None]], dim=-1) - cross.mT @ solved
    schur = schur.sum(-3)
    moves = torch.linalg.solve(schur[..., :-1] + _RIDGE * eye[few:, few:], schur[..., -1:]).unsqueeze(-3)
    amplitudes = solved[..., -1:] - solved[..., :-1] @ moves
    x = torch.cat([amplitudes, moves.expand(*amplitudes.shape[:-2], -1, -1)], dim=-2)
    along = (x * (normal @ x - 2 * heard.unsqueeze(-1))).sum((-1, -2, -3))
    return (energy + along).clamp_min(0)


def _equations(gram: Gram) -> tuple[Tensor, Tensor]:
    """A_l and c_l of (..., snapshot, frequency) over real and imaginary amplitudes and moves, of unit diagonal in all.

    V T = [B, jB, D diag(s)] with the amplitudes s of all snapshots, by frequency.
    """
    k = gram.sources
    together = gram.vectors[..., :k, :k].sum(-4), gram.measured[..., :k].sum(-3)
    mean = together[0].diagonal(dim1=-2, dim2=-1).real.mean(-1)[..., None, None]
    eye = torch.eye(k, dtype=gram.vectors.dtype, device=gram.vectors.device)
    symbols = torch.linalg.solve(together[0] + _RIDGE * mean * eye, together[1].unsqueeze(-1)).squeeze(-1)
    basis = symbols.new_zeros((*symbols.shape[:-1], 4 * k, 5 * k))
    basis[..., :k, : 2 * k] = torch.cat([eye, 1j * eye], dim=-1)
    basis[..., k:, 2 * k :] = torch.diag_embed(torch.cat([symbols] * 3, dim=-1))
    basis = basis.unsqueeze(-4)
    normal = (basis.mH @ gram.vectors @ basis).real
    heard = (basis.mH @ gram.measured.unsqueeze(-1)).real.squeeze(-1)
    size = normal.diagonal(dim1=-2, dim2=-1).sum(-3, keepdim=True)
    moves = size[..., 2 * k :].sum(-2, keepdim=True).expand(*size.shape[:-1], -1)
    level = torch.cat([size[..., : 2 * k], moves], dim=-1).clamp_min(torch.finfo(size.dtype).tiny).rsqrt()
    return normal * level.unsqueeze(-1) * level.unsqueeze(-2), heard * level


def _by_snapshot(gram: Gram, frequencies: int) -> Gram:
    """Blocks of shape (..., block) as (..., snapshot, frequency)."""
    vectors = gram.vectors.unflatten(-3, (frequencies, -1)).transpose(-3, -4)
    measured = gram.measured.unflatten(-2, (frequencies, -1)).transpose(-2, -3)
    return replace(gram, vectors=vectors, measured=measured, energy=gram.energy.unflatten(-1, (frequencies, -1)).mT)


def _alone(gram: Gram) -> dict[str, Tensor]:
    """The vectors B without their derivatives."""
    k = gram.sources
    return {"vectors": gram.vectors[..., :k, :k], "measured": gram.measured[..., :k]}


def _inverse(information: Float[Tensor, "*batch p p"]) -> Float[Tensor, "*batch p p"]:
    """J⁻¹ of what is told; 0 along what is not."""
    diagonal = information.diagonal(dim1=-2, dim2=-1)
    level = diagonal.clamp_min(torch.finfo(information.dtype).tiny).rsqrt()
    square = level.unsqueeze(-1) * level.unsqueeze(-2)
    return torch.linalg.pinv(information * square, hermitian=True, rtol=_RIDGE) * square
