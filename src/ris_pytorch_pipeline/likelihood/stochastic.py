"""How likely measurements with random symbols are: value, score and Fisher information."""

from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..covariance import factored
from .gram import Gram


@dataclass(frozen=True, eq=False)
class Whitened:
    """Inner products under Γ_l⁻¹, Γ_l = B_l P B_l^H + σ² I, by the matrix inversion lemma (K x K factors only).

    With S = B^H B + σ² P⁻¹: B^H Γ⁻¹ [V, y] = P⁻¹ S⁻¹ B^H [V, y], without a subtraction, and of the derivatives D
    D^H Γ⁻¹ [D, y] = (D^H [D, y] - D^H B S⁻¹ B^H [D, y])/σ².

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=2), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> whitened = whiten(gram, scenes.truth.powers, scenes.truth.noise_variance)
    >>> round(float(whitened.quadratic.mean()), 1), whitened.equations  # y^H Γ⁻¹ y is near M where the model holds
    (15.8, 16)

    Args:
        vectors: V^H Γ⁻¹ V, (..., snapshot, vector, vector), of 4 K vectors or, where sources are held, K.
        measured: V^H Γ⁻¹ y, (..., snapshot, vector).
        quadratic: y^H Γ⁻¹ y, (..., snapshot).
        logdet: log|Γ|, (..., snapshot).
        equations: M.
        kinds: vectors of a source: 4 or 1.
    """

    vectors: Complex[Tensor, "*block vector vector"]
    measured: Complex[Tensor, "*block vector"]
    quadratic: Float[Tensor, "*block"]
    logdet: Float[Tensor, "*block"]
    equations: int
    kinds: int

    @property
    def by_source(self) -> Complex[Tensor, "*block source kind source"]:
        """B^H Γ⁻¹ V."""
        sources = self.vectors.shape[-1] // self.kinds
        return self.vectors[..., :sources, :].unflatten(-1, (self.kinds, sources))


def whiten(gram: Gram, powers: Float[Tensor, "*batch source"], noise_variance: Float[Tensor, "*batch"]) -> Whitened:
    """Whiten per-snapshot Gram matrices by the model covariance Γ_l.

    >>> import torch
    >>> one = torch.ones(1, 1, 1) + 0j
    >>> gram = Gram(vectors=one, measured=2 * one[0], energy=torch.tensor([4.0]), equations=1, kinds=1)  # b = 1, y = 2
    >>> whitened = whiten(gram, powers=torch.tensor([3.0]), noise_variance=torch.tensor(1.0))  # Γ = 3 + 1
    >>> whitened.quadratic, whitened.logdet.exp()
    (tensor([1.0000]), tensor([4.]))

    Args:
        gram: blocks of shape (..., snapshot).
        powers: (..., source), > 0.
        noise_variance: (...), σ² > 0.

    Returns:
        Inner products under Γ⁻¹.
    """
    k, m = gram.sources, gram.equations
    noise = noise_variance.unsqueeze(-1)
    load = torch.diag_embed((noise / powers).to(gram.vectors.dtype)).unsqueeze(-3)
    factor = factored(gram.vectors[..., :k, :k] + load)
    seen = torch.cat([gram.vectors[..., :k, :], gram.measured[..., :k].unsqueeze(-1)], dim=-1)  # B^H [V, y]
    half = factor.forward(seen)
    full = factor.backward(half)  # S⁻¹ B^H [V, y]
    joint = full * powers.reciprocal()[..., None, :, None]  # complex by real: a product is faster than a quotient
    if gram.kinds > 1:
        rest = torch.cat([gram.vectors[..., k:, k:], gram.measured[..., k:].unsqueeze(-1)], dim=-1)
        rest = (rest - gram.vectors[..., k:, :k] @ full[..., k:]) * noise.reciprocal()[..., None, None]
        joint = torch.cat([joint, torch.cat([joint[..., k:-1].mH, rest], dim=-1)], dim=-2)
    explained = torch.view_as_real(half[..., -1]).square().sum(dim=(-1, -2))
    logs = factor.diagonal.log().sum(-1)
    level = (m - k) * noise.log() + powers.log().sum(-1, keepdim=True)
    return Whitened(
        vectors=joint[..., :-1],
        measured=joint[..., -1],
        quadratic=(gram.energy - explained) / noise,
        logdet=level.add(logs, alpha=2),
        equations=m,
        kinds=gram.kinds,
    )


def negative_log_likelihood(whitened: Whitened) -> Float[Tensor, "*batch"]:
    """NLL = Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l, without the constant L M log π.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> truth, (chart, there) = scenes.truth, chart_of(scenes.truth.positions, scenes.observation.array)
    >>> def nll(place):
    ...     gram = snapshot_gram(place, chart, scenes.observation, scenes.observation.measurements)
    ...     return negative_log_likelihood(whiten(gram, truth.powers, truth.noise_variance))
    >>> nll(there) < nll(there + 0.05)  # the true place explains the measurements better than one beside it
    tensor([True])
    """
    return (whitened.logdet + whitened.quadratic).sum(-1)


def score(whitened: Whitened, powers: Float[Tensor, "*batch source"]) -> Float[Tensor, "*batch parameter"]:
    """Gradient of the NLL over ((u, w, q) of source 1, 2, ..., log p_1, log p_2, ..., log σ²).

    g_i = Σ_l tr(Γ⁻¹ ∂_iΓ) - y^H Γ⁻¹ ∂_iΓ Γ⁻¹ y with ∂Γ/∂x = p (d b^H + b d^H), ∂Γ/∂log p = p b b^H and
    ∂Γ/∂log σ² = Γ - Σ_k ∂Γ/∂log p_k.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> truth, (chart, there) = scenes.truth, chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> whitened = whiten(gram, truth.powers, truth.noise_variance)
    >>> spread = fisher_information(whitened, truth.powers).diagonal(dim1=-2, dim2=-1).sqrt()
    >>> (score(whitened, truth.powers) / spread).abs().max() < 3  # of mean 0 and deviation 1 at the truth
    tensor(True)
    """
    return block_scores(whitened, powers).sum(-2)


def block_scores(whitened: Whitened, powers: Float[Tensor, "*batch source"]) -> Float[Tensor, "*block parameter"]:
    """The terms of `score`, block by block: independent and of mean zero where the model holds.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> truth, (chart, there) = scenes.truth, chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> block_scores(whiten(gram, truth.powers, truth.noise_variance), truth.powers).shape  # u, w, q, log p and log σ²
    torch.Size([1, 16, 5])
    """
    seen = whitened.measured.unflatten(-1, (whitened.kinds, -1))
    own = whitened.by_source.diagonal(dim1=-3, dim2=-1) - seen.conj() * seen[..., :1, :]  # (..., block, kind, source)
    by_level = (whitened.equations - whitened.quadratic).unsqueeze(-1)
    raw = torch.cat([(own.real * powers[..., None, None, :]).flatten(-2), by_level], dim=-1)
    return raw @ _parameters(whitened.kinds, powers.shape[-1], raw.dtype, raw.device)


def fisher_information(
    whitened: Whitened, powers: Float[Tensor, "*batch source"]
) -> Float[Tensor, "*batch parameter parameter"]:
    """F_ij = Σ_l tr(Γ⁻¹ ∂_iΓ Γ⁻¹ ∂_jΓ) over the parameters of `score`, from inner products alone.

    Where Γ moves by p Re d b^H with a vector d of any kind and by Γ with its level, of the vectors d_k and d'_m of
    sources k and m p p'/2 Re[(b_k^H d'_m)(b_m^H d_k) + (b_k^H b_m)(d'_m^H d_k)] under Γ⁻¹, of one of them and the level
    p Re b_k^H d_k, of the level with itself L M.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.likelihood import snapshot_gram
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> truth, (chart, there) = scenes.truth, chart_of(scenes.truth.positions, scenes.observation.array)
    >>> whitened = whiten(snapshot_gram(there, chart, scenes.observation), truth.powers, truth.noise_variance)
    >>> F = fisher_information(whitened, truth.powers)  # no measurements are needed
    >>> F.shape, F[0, -1, -1].round()  # log σ² with itself: a little less than the L M = 256 of noise alone
    (torch.Size([1, 5, 5]), tensor(240., dtype=torch.float64))
    """
    kinds, k = whitened.kinds, powers.shape[-1]
    inner = whitened.vectors.movedim(-3, -1).contiguous()  # sums over snapshots run along memory
    rows = inner[..., :k, :, :].unflatten(-2, (kinds, k))
    every = inner.unflatten(-2, (kinds, k)).unflatten(-4, (kinds, k))
    products = rows.unsqueeze(-5) * rows.movedim(-4, -2).unsqueeze(-3)  # (..., kind, source, kind', source', block)
    turned = every.movedim((-5, -4), (-3, -2))
    products = torch.addcmul(products, inner[..., :k, :k, :].unsqueeze(-3).unsqueeze(-5), turned)
    loud = torch.cat([powers] * kinds, dim=-1)
    pairs = products.sum(-1).real.flatten(-2).flatten(-3, -2) * (loud / 2).unsqueeze(-1) * loud.unsqueeze(-2)
    levels = rows.diagonal(dim1=-4, dim2=-2).real.sum(-2).flatten(-2) * loud
    total = levels.new_full((*levels.shape[:-1], 1), whitened.equations * rows.shape[-1])  # of no source too
    last = torch.cat([levels, total], dim=-1).unsqueeze(-2)
    raw = torch.cat([torch.cat([pairs, levels.unsqueeze(-1)], dim=-1), last], dim=-2)
    change = _parameters(kinds, k, raw.dtype, raw.device)
    return change.mT @ raw @ change


@cache
def _parameters(
    kinds: int, sources: int, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "raw parameter"]:  # fmt: skip
    """How the parameters of `score` move the vectors, of each kind source by source, and the level of Γ.

    Γ = Σ_k p_k b_k b_k^H + σ² I moves by 2 Re p d b^H with a position, half of that with b in place of d for log p.
    With log σ² alone its level rises and all powers fall.
    """
    with torch.inference_mode(mode=False):
        moved = sources * (kinds - 1)
        change = torch.zeros((kinds * sources + 1, moved + sources + 1), dtype=torch.float64)
        for source in range(sources):
            for kind in range(1, kinds):
                change[kind * sources + source, (kinds - 1) * source + kind - 1] = 2
            change[source, moved + source] = 1
            change[source, -1] = -1
        change[-1, -1] = 1
        return change.to(device, dtype)
