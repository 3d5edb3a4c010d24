"""How a covariance of few sources is held without its N x N entries: R = F F^H + ε I."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..shapes import Covariance
from .contract import check_trace, default_jitter, exact, hermitise


@dataclass(frozen=True, eq=False)
class Eigen:
    """Leading eigenpairs of a covariance, largest first; every other eigenvalue equals `floor`.

    >>> import torch
    >>> R = LowRank(factor=torch.tensor([[2.0], [0.0], [0.0]]) + 0j, floor=torch.tensor(0.5))
    >>> R.eigenpairs().spectrum
    tensor([4.5000, 0.5000, 0.5000])

    Args:
        values: (..., rank), eigenvalues.
        vectors: (..., element, rank), orthonormal columns; a column of an eigenvalue at the floor may be zero.
        floor: (...,), the remaining eigenvalue; also where rank = N, as the least one.
    """

    values: Float[Tensor, "*batch rank"]
    vectors: Complex[Tensor, "*batch element rank"]
    floor: Float[Tensor, "*batch"]

    def __getitem__(self, rows: Tensor) -> "Eigen":
        """The eigenpairs of some scenes."""
        return Eigen(self.values[rows], self.vectors[rows], self.floor[rows])

    @property
    def spectrum(self) -> Float[Tensor, "*batch element"]:
        """All N eigenvalues, largest first."""
        missing = self.vectors.shape[-2] - self.vectors.shape[-1]
        rest = self.floor[..., None].expand(*self.floor.shape, missing)
        return torch.cat([self.values, rest], dim=-1)


@dataclass(frozen=True, eq=False)
class LowRank:
    """R = F F^H + ε I.

    >>> import torch
    >>> R = LowRank(factor=torch.tensor([[2.0], [1j], [0.0]]), floor=torch.tensor(0.5))
    >>> R.trace, R.normalised().dense().diagonal().real
    (tensor(6.5000), tensor([2.0769, 0.6923, 0.2308]))
    >>> R.loaded(0.3).floor, R.shrunk(torch.tensor(0.5)).floor  # ε + 0.3 tr(R)/3, and half of ε with half of tr(R)/3
    (tensor(1.1500), tensor(1.3333))

    Args:
        factor: F, (..., element, rank).
        floor: ε >= 0, (...,).
    """

    factor: Complex[Tensor, "*batch element rank"]
    floor: Float[Tensor, "*batch"]

    @property
    def trace(self) -> Float[Tensor, "*batch"]:
        """tr(R) = ‖F‖² + N ε."""
        return torch.view_as_real(self.factor).square().sum(dim=(-1, -2, -3)) + self.factor.shape[-2] * self.floor

    def dense(self) -> Covariance:
        """The N x N matrix, (..., element, element)."""
        with exact(self.factor):
            eye = torch.eye(self.factor.shape[-2], dtype=self.factor.dtype, device=self.factor.device)
            return self.factor @ self.factor.mH + self.floor[..., None, None] * eye

    def normalised(self) -> "LowRank":
        """The same with trace N.

        Raises:
            InputError: a trace that is not positive or not finite.
        """
        check_trace(self.trace)
        scale = self.factor.shape[-2] / self.trace
        return LowRank(self.factor * scale.sqrt()[..., None, None], self.floor * scale)

    def loaded(self, jitter: float | None = None) -> "LowRank":
        """The same with jitter tr(R)/N added to ε; None is the default of the precision, as in `load`.

        Raises:
            InputError: a precision below complex64 with no jitter given.
        """
        relative = default_jitter(self.factor.dtype) if jitter is None else jitter
        return LowRank(self.factor, self.floor + relative * self.trace / self.factor.shape[-2])

    def shrunk(self, intensity: Float[Tensor, "*batch"]) -> "LowRank":
        """(1 - ρ) R + ρ tr(R)/N I, see `shrink`."""
        floor = (1 - intensity) * self.floor + intensity * self.trace / self.factor.shape[-2]
        return LowRank(self.factor * (1 - intensity).sqrt()[..., None, None], floor)

    def eigenpairs(self) -> Eigen:
        """Eigenpairs from the rank x rank Gram matrix: F^H F v = s² v gives R (F v / s) = (s² + ε) (F v / s)."""
        with exact(self.factor):
            values, right = torch.linalg.eigh(self.factor.mH @ self.factor)
            values, right = values.flip(-1).clamp_min(0), right.flip(-1)
            negligible = values <= 100 * torch.finfo(values.dtype).eps * values[..., :1]
            scale = values.masked_fill(negligible, torch.inf).rsqrt()
            return Eigen(values + self.floor[..., None], self.factor @ right * scale[..., None, :], self.floor)


def eigenpairs(covariance: Covariance | LowRank) -> Eigen:
    """Eigenpairs of a covariance of either form, largest first. Not for gradients: see `signal_subspace`.

    >>> import torch
    >>> eigenpairs(torch.diag(torch.tensor([1.0, 3.0, 0.5])) + 0j).values
    tensor([3.0000, 1.0000, 0.5000])
    """
    if isinstance(covariance, LowRank):
        return covariance.eigenpairs()
    with exact(covariance):
        values, vectors = torch.linalg.eigh(hermitise(covariance))
    return Eigen(values.flip(-1), vectors.flip(-1), values[..., 0])


def nmse(estimated: LowRank, true: LowRank) -> Float[Tensor, "*batch"]:
    """‖R̂ - R‖² / ‖R‖² in the Frobenius norm, from inner products of the few columns: no N x N matrix is formed.

    With R̂ = F F^H + ε I and R = V V^H + δ I: ‖F^H F‖² - 2 ‖F^H V‖² + ‖V^H V‖² + 2 (ε - δ)(‖F‖² - ‖V‖²) + (ε - δ)² N.

    >>> import torch
    >>> true = LowRank(torch.tensor([[2.0], [0.0]]) + 0j, torch.tensor(0.0))
    >>> nmse(LowRank(torch.tensor([[0.0], [2.0]]) + 0j, torch.tensor(0.0)), true), nmse(true, true)
    (tensor(2.), tensor(0.))

    Args:
        estimated: R̂.
        true: R, not zero.

    Returns:
        (*batch,), at least 0.
    """
    first, second, size = estimated.factor, true.factor, true.factor.shape[-2]
    with exact(first):
        own, cross, truth = first.mH @ first, first.mH @ second, second.mH @ second
    apart, traces = estimated.floor - true.floor, _trace(own) - _trace(truth)
    error = _squared(own) - 2 * _squared(cross) + _squared(truth) + 2 * apart * traces + apart**2 * size
    energy = _squared(truth) + 2 * true.floor * _trace(truth) + true.floor**2 * size
    return error.clamp_min(0) / energy


def _trace(matrix: Complex[Tensor, "*batch n n"]) -> Float[Tensor, "*batch"]:
    return matrix.diagonal(dim1=-2, dim2=-1).real.sum(-1)


def _squared(matrix: Complex[Tensor, "*batch m n"]) -> Float[Tensor, "*batch"]:
    """Squared Frobenius norm."""
    return torch.view_as_real(matrix).square().sum(dim=(-1, -2, -3))
