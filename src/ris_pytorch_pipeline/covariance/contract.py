"""What makes a matrix a covariance here: finite, Hermitian, positive semidefinite, trace N, loaded relative to it."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..shapes import Covariance

JITTER = {torch.complex64: 1e-4, torch.complex128: 1e-10}
"""Default loading relative to tr(R)/N. An absolute one has no meaning: 1e-6 at trace 144 is below float32 rounding."""
_CLEARLY = 1e-3
"""Relative size of a violation that no rounding explains."""


def exact(like: Tensor) -> torch.autocast:
    """A context in which linear algebra on the tensor's device keeps its precision: autocast is off inside.

    >>> import torch
    >>> like = torch.ones(2, 2)
    >>> with torch.autocast("cpu", dtype=torch.bfloat16), exact(like):
    ...     print((like @ like).dtype)
    torch.float32
    """
    return torch.autocast(like.device.type, enabled=False)


def trace(covariance: Covariance) -> Float[Tensor, "*batch"]:
    """tr(R), real.

    >>> import torch
    >>> trace(torch.tensor([[1.0, 1j], [-1j, 2.0]]))
    tensor(3.)
    """
    return covariance.diagonal(dim1=-2, dim2=-1).real.sum(-1)


def hermitise(covariance: Covariance) -> Covariance:
    """(R + R^H)/2, the nearest Hermitian matrix.

    >>> import torch
    >>> hermitise(torch.tensor([[1.0, 2j], [0.0, 1.0]]))
    tensor([[1.+0.j, 0.+1.j],
            [0.-1.j, 1.+0.j]])
    """
    return (covariance + covariance.mH) / 2


def trace_normalise(covariance: Covariance) -> Covariance:
    """N R / tr(R), so that the mean eigenvalue is 1.

    >>> import torch
    >>> trace_normalise(torch.diag(torch.tensor([3.0, 1.0])) + 0j).real
    tensor([[1.5000, 0.0000],
            [0.0000, 0.5000]])

    Raises:
        InputError: the trace of some matrix is not positive or not finite.
    """
    with exact(covariance):
        total = trace(covariance)
        check_trace(total)
        return covariance * (covariance.shape[-1] / total)[..., None, None]


def load(covariance: Covariance, jitter: float | None = None) -> Covariance:
    """R + jitter tr(R)/N I.

    >>> import torch
    >>> load(torch.diag(torch.tensor([4.0, 0.0])) + 0j, 0.01).real
    tensor([[4.0200, 0.0000],
            [0.0000, 0.0200]])

    Args:
        covariance: (..., element, element).
        jitter: relative to the mean eigenvalue; None is 1e-4 in complex64 and 1e-10 in complex128.

    Raises:
        InputError: a precision below complex64 with no jitter given, or a negative jitter.
    """
    relative = default_jitter(covariance.dtype) if jitter is None else jitter
    if relative < 0:
        raise InputError("a jitter >= 0", str(relative), "a sign", "pass a part of the mean eigenvalue, such as 1e-4")
    with exact(covariance):
        size = covariance.shape[-1]
        eye = torch.eye(size, dtype=covariance.dtype, device=covariance.device)
        return covariance + (relative * trace(covariance) / size)[..., None, None] * eye


def default_jitter(dtype: torch.dtype) -> float:
    """The default loading of a complex type.

    >>> import torch
    >>> default_jitter(torch.complex64), default_jitter(torch.complex128)
    (0.0001, 1e-10)

    Raises:
        InputError: neither complex64 nor complex128.
    """
    if dtype not in JITTER:
        raise InputError("complex64 or complex128", str(dtype), "half precision, or a real matrix", "convert it first")
    return JITTER[dtype]


def check_trace(total: Float[Tensor, "*batch"]) -> None:
    """Refuse a trace that is not a positive number.

    Raises:
        InputError: counting the matrices concerned.
    """
    good = torch.isfinite(total) & (total > 0)
    if not bool(good.all()):
        raise InputError(
            "covariances with a positive, finite trace",
            f"trace {total[~good].flatten()[0].item():.6g} in {int((~good).sum())} of {total.numel()}",
            "a scene without energy, or a network that diverged",
            "drop those scenes, or look at what produced them",
        )


def check_covariance(covariance: Covariance) -> None:
    """The contract of a covariance: finite, tr(R) > 0, ‖R - R^H‖ <= 1e-3 ‖R‖, R + 1e-3 tr(R)/N I positive definite.

    >>> import torch
    >>> check_covariance(torch.tensor([[1.0, 0.5j], [-0.5j, 1.0]]))
    >>> check_covariance(torch.tensor([[1.0, 2.0], [2.0, 1.0]]) + 0j)
    Traceback (most recent call last):
    ris_pytorch_pipeline.errors.InputError: wanted a positive semidefinite covariance; got an eigenvalue below -0.001
    tr(R)/N in 1 of 1. Likely cause: a difference of covariances, or noise subtracted twice. Next: clip the
    eigenvalues at zero, or parametrise R as F F^H + ε I.

    Args:
        covariance: (..., element, element), complex64 or complex128.

    Raises:
        InputError: naming the first violation.
    """
    default_jitter(covariance.dtype)
    if not bool(torch.isfinite(covariance).all()):
        bad = int((~torch.isfinite(covariance)).sum())
        raise InputError(
            "a finite covariance", f"{bad} of {covariance.numel()} entries NaN or infinite",
            "a failed capture, or a network that diverged", "look at what produced the first bad matrix",
        )  # fmt: skip
    check_trace(trace(covariance))
    size = torch.linalg.matrix_norm(covariance)
    skew = torch.linalg.matrix_norm(covariance - covariance.mH) / size
    if bool((skew > _CLEARLY).any()):
        raise InputError(
            "a Hermitian covariance", f"‖R - R^H‖/‖R‖ = {skew.max().item():.3g}",
            "rows and columns built from different vectors, or a missing conjugate", "build R as mean of x x^H",
        )  # fmt: skip
    with exact(covariance):
        _, failed = torch.linalg.cholesky_ex(load(hermitise(covariance), _CLEARLY))
    if bool((failed > 0).any()):
        raise InputError(
            "a positive semidefinite covariance",
            f"an eigenvalue below -{_CLEARLY} tr(R)/N in {int((failed > 0).sum())} of {failed.numel()}",
            "a difference of covariances, or noise subtracted twice",
            "clip the eigenvalues at zero, or parametrise R as F F^H + ε I",
        )
