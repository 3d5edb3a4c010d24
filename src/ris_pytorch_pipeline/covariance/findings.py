"""Does a covariance keep its contract, as a finding? Rules RT305 and RT306 belong to matrices of this package."""

import torch
from torch import Tensor

from trainlint import Finding, Rule, Severity, State

# fmt: off
COVARIANCE = Rule(
    "RT305", "covariance-contract", Severity.FATAL, State.SUSPICIOUS, "C3",
    "Norms of 1e12, traces off by a factor.",
    "A covariance is not Hermitian, not of trace N, or not positive semidefinite.",
    "Pass it through the one function that makes it so, at the hand-over.",
    "docs/diagnosing.md",
)
LOADING = Rule(
    "RT306", "loading-below-rounding", Severity.FATAL, State.SUSPICIOUS, "C4",
    "Cholesky fails, or the loading changes nothing.",
    "The diagonal loading is absolute, and below the rounding of the matrix.",
    "Load relative to the mean eigenvalue tr(R)/N: at least 1e-4 in float32.",
    "docs/diagnosing.md",
)
# fmt: on


def covariance_contract(covariance: Tensor, *, trace: float | None = None) -> list[Finding]:
    """Findings where matrices are not Hermitian, not of the promised trace, or not positive semidefinite.

    ‖R - Rᴴ‖ <= 1e-4 ‖R‖, |tr R - N| <= 1e-3 N, λ_min >= -1e-4 tr(R)/N: ten times what float32 sums of N = 144 leave.

    >>> import torch
    >>> covariance_contract(torch.eye(4) + 0j)
    []
    >>> covariance_contract(2 * torch.eye(4) + 0j)[0].evidence
    'trace off by 4 from 4'

    Args:
        covariance: (..., N, N).
        trace: the promised trace; None is N.
    """
    r = covariance.detach()
    size = r.shape[-1]
    wanted = float(size) if trace is None else trace
    if not bool(torch.isfinite(r).all()):
        return [COVARIANCE.found("entries are not finite")]
    norm = float(torch.linalg.matrix_norm(r).max())
    skew = float(torch.linalg.matrix_norm(r - r.mH).max())
    traces = r.diagonal(dim1=-2, dim2=-1).sum(-1).real
    worst = float((traces - wanted).abs().max())
    lowest = float(torch.linalg.eigvalsh((r + r.mH) / 2).min())
    broken = []
    if skew > 1e-4 * norm:
        broken.append(f"‖R - Rᴴ‖ is {skew / max(norm, 1e-300):.2g} of ‖R‖")
    if worst > 1e-3 * abs(wanted):
        broken.append(f"trace off by {worst:.4g} from {wanted:g}")
    if lowest < -1e-4 * abs(wanted) / size:
        broken.append(f"smallest eigenvalue {lowest:.2g}")
    return [COVARIANCE.found("; ".join(broken), skew=skew, trace=worst, lowest=lowest)] if broken else []


def loading_contract(covariance: Tensor, loading: float) -> list[Finding]:
    """Findings where an absolute diagonal loading vanishes against the rounding of the matrix.

    >>> import torch
    >>> R = 144 * torch.eye(4, dtype=torch.complex64)
    >>> loading_contract(R, 1.0), [found.rule.code for found in loading_contract(R, 1e-6)]
    ([], ['RT306'])

    Args:
        covariance: (..., N, N).
        loading: what is added to the diagonal.
    """
    mean = float(covariance.diagonal(dim1=-2, dim2=-1).real.mean())
    eps = torch.finfo(covariance.dtype).eps
    # A sum of N terms of the mean eigenvalue carries a rounding of about 10 eps of it.
    if loading >= 10 * eps * mean and loading <= 0.5 * mean:
        return []
    share = loading / mean
    text = f"loading {loading:.2g} is {share:.2g} of the mean eigenvalue {mean:.3g}; useful is {10 * eps:.1g} to 0.5"
    return [LOADING.found(text, loading=loading, share=share)]
