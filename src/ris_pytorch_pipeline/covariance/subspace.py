"""What the signal subspace of a covariance is, with a gradient that repeated noise eigenvalues cannot break."""

from typing import Any

import torch
from jaxtyping import Complex
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..errors import InputError
from ..shapes import Covariance
from .contract import exact, hermitise, trace

GAP = 1e-3
"""ε of the regularised gap, relative to tr(R)/N."""


class _SignalSubspace(torch.autograd.Function):
    """Leading eigenvectors; the backward holds the terms across the gap and no others."""

    @staticmethod
    def forward(ctx: Any, covariance: Tensor, sources: int) -> Tensor:  # noqa: ANN401 - torch's own context
        values, vectors = torch.linalg.eigh(hermitise(covariance))
        ctx.sources = sources
        ctx.save_for_backward(values, vectors, GAP * trace(covariance) / covariance.shape[-1])
        return vectors[..., -sources:].flip(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401 # pyright: ignore[reportIncompatibleMethodOverride]
        values, vectors, floor = ctx.saved_tensors
        noise, signal = vectors[..., : -ctx.sources], vectors[..., -ctx.sources :].flip(-1)
        gap = values[..., -ctx.sources :].flip(-1)[..., None, :] - values[..., : -ctx.sources, None]
        weight = gap / (gap.square() + floor[..., None, None].square())
        with exact(vectors):
            across = noise @ (weight * (noise.mH @ grads[0])) @ signal.mH
        return hermitise(across), None


def signal_subspace(covariance: Covariance, sources: int) -> Complex[Tensor, "*batch element source"]:
    """The K leading eigenvectors U_s of a covariance, orthonormal, strongest first, differentiable.

    dU_s = Σ_{i in signal, j in noise} u_j (u_j^H dR u_i) g_ij e_i^T with g = gap/(gap² + ε²) in place of 1/gap,
    gap_ij = λ_i - λ_j and ε = 1e-3 tr(R)/N. Rotations inside a subspace are left out, so the gradient is right for
    every function of U_s U_s^H and for no other. Repeated noise eigenvalues, where the gradient of `torch.linalg.eigh`
    is NaN, do no harm.

    >>> import torch
    >>> R = torch.tensor([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]) + 0j  # eigenvalues 3, 1 and 1
    >>> signal_subspace(R, 1).abs().T
    tensor([[0.7071, 0.7071, 0.0000]])

    Args:
        covariance: (..., element, element), complex64 or complex128.
        sources: K < N.

    Raises:
        InputError: K outside 1..N-1.
    """
    if not 1 <= sources < covariance.shape[-1]:
        raise InputError(
            f"between 1 and {covariance.shape[-1] - 1} sources", str(sources),
            "as many sources as elements, or none", "lower sources: a subspace needs a complement",
        )  # fmt: skip
    with exact(covariance):
        return _SignalSubspace.apply(covariance, sources)  # pyright: ignore[reportReturnType]


def signal_projector(covariance: Covariance, sources: int) -> Covariance:
    """P_s = U_s U_s^H, with the gradient of `signal_subspace`.

    >>> import torch
    >>> R = torch.tensor([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]) + 0j  # eigenvalues 3, 1 and 1
    >>> signal_projector(R, 1).abs()
    tensor([[0.5000, 0.5000, 0.0000],
            [0.5000, 0.5000, 0.0000],
            [0.0000, 0.0000, 0.0000]])

    Args:
        covariance: (..., element, element).
        sources: K < N.

    Raises:
        InputError: K outside 1..N-1.
    """
    basis = signal_subspace(covariance, sources)
    with exact(basis):
        return basis @ basis.mH
