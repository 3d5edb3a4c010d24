"""How likely measurements of sources of several kinds together are: value, score and Fisher information."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import Chart, Sounding
from ..shapes import Measured
from .gram import Coordinates, Gram, panel_block, response_gram, stacked
from .pilot import Projection, position_information, position_scores, project, residual_gradient
from .stochastic import Whitened, block_scores, fisher_information, negative_log_likelihood, score, whiten


def sequenced_gram(
    coordinates: Coordinates,
    chart: Chart,
    sounding: Sounding,
    sent: Complex[Tensor, "*batch block source"],
    measurements: Measured | None = None,
) -> Gram:
    """One Gram per snapshot and frequency of s_kl G_l a_k and s_kl G_l ∂a_k.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", symbols="known", sources=2), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> sequenced_gram(there, chart, scenes.observation, scenes.truth.symbols).vectors.shape  # 4 vectors a source
    torch.Size([1, 16, 8, 8])

    Args:
        coordinates: (..., source, 3).
        chart: in which the sources move.
        sounding: codes and channel of the same scenes.
        sent: (..., block, source), the symbols that are known; 1 of a source whose symbols are not.
        measurements: (..., block, antenna); zeros when only the model matters, as for a bound.
    """
    response = sounding.response(panel_block(chart, coordinates).to(sounding.codes.dtype)).to(torch.complex128)
    return response_gram(response * torch.cat([sent] * 4, dim=-1).unsqueeze(-1), measurements, kinds=4)


@dataclass(frozen=True, eq=False)
class Mixed:
    """Sources of random symbols give a covariance Γ_l = Σ p_k b_k b_k^H + σ² I, the others a mean μ_l = Σ x_k b_k.

    One amplitude x_k a source and frequency is free. It is concentrated out: x = (B^H Γ⁻¹ B)⁻¹ B^H Γ⁻¹ y, all snapshots
    of a frequency stacked. The parameters are (a, b, q) of every source in their order, log p of the random ones, and
    log σ². Where all sources are of one kind, this is the likelihood of that kind.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
    >>> seen, truth = scenes.observation, scenes.truth
    >>> chart, there = chart_of(truth.positions, seen.array)
    >>> gram = sequenced_gram(there, chart, seen, torch.ones_like(truth.symbols), seen.blocks)
    >>> pilot = mixed_likelihood(gram, (False,), truth.powers[:, :0], truth.noise_variance)
    >>> pilot.score.shape, pilot.information().shape  # (a, b, q) and log σ²; x is concentrated out
    (torch.Size([1, 4]), torch.Size([1, 4, 4]))
    >>> terms = pilot.block_scores()
    >>> terms.shape, torch.allclose(terms.sum(1), pilot.score)  # of 16 snapshots
    (torch.Size([1, 16, 4]), True)

    Args:
        varying: inner products of the random sources with y - μ under Γ⁻¹.
        steady: those of the others with y under Γ⁻¹, snapshot by snapshot.
        projection: the others stacked, with x, a block per frequency.
        powers: (..., random source), p.
        random: of each source whether its symbols are random.
    """

    varying: Whitened
    steady: Gram
    projection: Projection
    powers: Float[Tensor, "*batch source"]
    random: tuple[bool, ...]

    @cached_property
    def value(self) -> Float[Tensor, "*batch"]:
        """NLL = Σ_l log|Γ_l| + (y_l - μ_l)^H Γ_l⁻¹ (y_l - μ_l), without the constant L M log π."""
        return negative_log_likelihood(self.varying)

    @cached_property
    def score(self) -> Float[Tensor, "*batch parameter"]:
        """Its gradient; that the amplitudes follow adds nothing."""
        return self._in_order(score(self.varying, self.powers), residual_gradient(self.projection).sum(-2))

    def block_scores(self) -> Float[Tensor, "*batch block parameter"]:
        """The terms of `score`, block by block."""
        frequencies = self.projection.symbols.shape[-2]
        moved = position_scores(self.steady, stacked(self.steady, frequencies))
        return self._in_order(block_scores(self.varying, self.powers), moved)

    def information(
        self, amplitudes: Complex[Tensor, "*batch frequency source"] | None = None
    ) -> Float[Tensor, "*batch parameter parameter"]:
        """Fisher information, tr(Γ⁻¹ ∂_iΓ Γ⁻¹ ∂_jΓ) + 2 Re{∂_iμ^H Γ⁻¹ ∂_jμ} (Slepian and Bangs), x left free.

        No parameter moves both the mean and the covariance: the two terms share no row.

        Args:
            amplitudes: (..., frequency, source), x; None is that of least squares.
        """
        x = self.projection.symbols if amplitudes is None else amplitudes
        own, moved = fisher_information(self.varying, self.powers), position_information(self.projection, x).sum(-3)
        first, second = own.shape[-1], moved.shape[-1]
        whole = own.new_zeros((*own.shape[:-2], first + second, first + second))
        whole[..., :first, :first], whole[..., first:, first:] = own, moved
        order = self._order
        return whole[..., order, :][..., order]

    def _in_order(self, varying: Tensor, steady: Tensor) -> Tensor:
        return torch.cat([varying, steady], dim=-1)[..., self._order]

    @property
    def _order(self) -> list[int]:
        """Where each parameter stands among those of the random sources, powers and noise, then those of the others."""
        count = sum(self.random)
        starts = {True: 0, False: 4 * count + 1}
        order = []
        for kind in self.random:
            order += range(starts[kind], starts[kind] + 3)
            starts[kind] += 3
        return order + list(range(3 * count, 4 * count + 1))


def mixed_likelihood(
    gram: Gram,
    random: Sequence[bool],
    powers: Float[Tensor, "*batch source"],
    noise_variance: Float[Tensor, "*batch"],
    frequencies: int = 1,
) -> Mixed:
    """The likelihood of sources of several kinds.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", symbols=("random", "pilot"), snr_db=20.0), scenes=1, seed=0)
    >>> seen, truth = scenes.observation, scenes.truth
    >>> chart, there = chart_of(truth.positions, seen.array)
    >>> gram = sequenced_gram(there, chart, seen, torch.ones_like(truth.symbols), seen.blocks)
    >>> model = mixed_likelihood(gram, (True, False), truth.powers[:, :1], truth.noise_variance)
    >>> bool((model.projection.symbols / truth.symbols[:, :1, 1:] - 1).abs() < 0.2)  # x of the pilot
    True
    >>> model.score.shape  # (a, b, q) of both, log p and log σ²
    torch.Size([1, 8])

    Args:
        gram: of all sources, see `sequenced_gram`; blocks of shape (..., block).
        random: of each source whether its symbols are random.
        powers: (..., random source), > 0.
        noise_variance: (...), σ² > 0.
        frequencies: how many the blocks are of.
    """
    chosen = tuple(bool(each) for each in random)
    ours, others = (_vectors(chosen, kind) for kind in (True, False))
    steady = _under_covariance(gram, ours[: sum(chosen)], others, powers, noise_variance)
    projection = project(stacked(steady, frequencies))
    x = projection.symbols.repeat_interleave(steady.vectors.shape[-3] // frequencies, dim=-2)
    varying = whiten(_without_mean(gram, ours, others[: len(chosen) - sum(chosen)], x), powers, noise_variance)
    return Mixed(varying, steady, projection, powers, chosen)


def _vectors(random: tuple[bool, ...], kind: bool) -> list[int]:
    """Which of the 4 K vectors are of sources of a kind."""
    mine = [source for source, each in enumerate(random) if each == kind]
    return [len(random) * vector + source for vector in range(4) for source in mine]


def _under_covariance(
    gram: Gram, basis: list[int], others: list[int], powers: Tensor, noise_variance: Tensor
) -> Gram:  # fmt: skip
    """V^H Γ⁻¹ [V, y] = (V^H [V, y] - V^H B S⁻¹ B^H [V, y])/σ² of other vectors V, S = B^H B + σ² P⁻¹; y^H Γ⁻¹ y too."""
    noise = noise_variance.unsqueeze(-1)
    load = torch.diag_embed((noise / powers).to(gram.vectors.dtype)).unsqueeze(-3)
    factor = torch.linalg.cholesky(gram.vectors[..., basis, :][..., basis] + load)
    seen = torch.cat([gram.vectors[..., basis, :][..., others], gram.measured[..., basis, None]], dim=-1)
    half = torch.linalg.solve_triangular(factor, seen, upper=False)
    inner, along = gram.vectors[..., others, :][..., others], half[..., :-1]
    weight = noise.reciprocal()
    return replace(
        gram,
        vectors=(inner - along.mH @ along) * weight[..., None, None],
        measured=(gram.measured[..., others] - (along.mH @ half[..., -1:]).squeeze(-1)) * weight[..., None],
        energy=(gram.energy - torch.view_as_real(half[..., -1]).square().sum((-1, -2))) * weight,
    )


def _without_mean(gram: Gram, ours: list[int], mean: list[int], x: Complex[Tensor, "*block source"]) -> Gram:
    """The Gram of the random sources with y - B x in place of y."""
    fitted = (gram.vectors[..., ours + mean, :][..., mean] @ x.unsqueeze(-1)).squeeze(-1)
    seen, own = fitted.split([len(ours), len(mean)], dim=-1)
    crossed = (x.conj() * (own - 2 * gram.measured[..., mean])).sum(-1).real
    return replace(
        gram,
        vectors=gram.vectors[..., ours, :][..., ours],
        measured=gram.measured[..., ours] - seen,
        energy=gram.energy + crossed,
    )
