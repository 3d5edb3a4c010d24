"""How far a sample covariance should shrink towards a scaled identity: OAS and Ledoit-Wolf for complex samples."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..errors import InputError
from ..shapes import Covariance
from .contract import exact, trace


def sample_covariance(samples: Complex[Tensor, "*batch snapshot element"]) -> Covariance:
    """S = (1/L) Σ_l x_l x_l^H of zero-mean samples.

    >>> import torch
    >>> sample_covariance(torch.tensor([[1.0, 1j], [1.0, -1j]]))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 1.+0.j]])
    """
    with exact(samples):
        return samples.mT @ samples.conj() / samples.shape[-2]


def shrink(covariance: Covariance, intensity: Float[Tensor, "*batch"]) -> Covariance:
    """(1 - ρ) S + ρ tr(S)/N I.

    >>> import torch
    >>> shrink(torch.diag(torch.tensor([3.0, 1.0])) + 0j, torch.tensor(0.5)).real
    tensor([[2.5000, 0.0000],
            [0.0000, 1.5000]])
    """
    size = covariance.shape[-1]
    eye = torch.eye(size, dtype=covariance.dtype, device=covariance.device)
    level = (intensity * trace(covariance) / size)[..., None, None]
    return (1 - intensity)[..., None, None] * covariance + level * eye


def oas_intensity(covariance: Covariance, snapshots: int) -> Float[Tensor, "*batch"]:
    """Shrinkage of the oracle-approximating estimator for circular complex Gaussian samples.

    ρ = (tr²(S) - tr(S²)/N) / ((L - 1/N) (tr(S²) - tr²(S)/N)), at most 1. It is the fixed point of the oracle iteration
    of Chen, Wiesel, Eldar and Hero (IEEE TSP 58, 2010, section III-C) with the complex moments
    E tr(S²) = tr(Σ²) + tr²(Σ)/L and E tr²(S) = tr²(Σ) + tr(Σ²)/L in place of the real ones.

    >>> import torch
    >>> draws = torch.randn(20, 4, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    >>> oas_intensity(sample_covariance(draws), 20), oas_intensity(sample_covariance(draws[:4]), 4)
    (tensor(1., dtype=torch.float64), tensor(0.6798, dtype=torch.float64))

    Args:
        covariance: (..., element, element), the sample covariance S.
        snapshots: L, how many independent samples it averages.

    Returns:
        ρ in [0, 1].

    Raises:
        InputError: no snapshot.
    """
    _check_snapshots(snapshots)
    size = covariance.shape[-1]
    squared, total = torch.view_as_real(covariance).square().sum(dim=(-1, -2, -3)), trace(covariance).square()
    spread = ((snapshots - 1 / size) * (squared - total / size)).clamp_min(torch.finfo(total.dtype).tiny)
    return ((total - squared / size) / spread).clamp(0, 1)


def ledoit_wolf_intensity(samples: Complex[Tensor, "*batch snapshot element"]) -> Float[Tensor, "*batch"]:
    """Shrinkage of Ledoit and Wolf (J. Multivariate Analysis 88, 2004, section 3.2), for any distribution.

    ρ = min(β², δ²)/δ² with δ² = ‖S - tr(S)/N I‖² and β² = (1/L²) Σ_l ‖x_l x_l^H - S‖² = (Σ_l ‖x_l‖⁴/L - ‖S‖²)/L.
    The means are known to be zero. The formula is the same for real and for complex samples.

    >>> import torch
    >>> draws = torch.randn(20, 4, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    >>> ledoit_wolf_intensity(draws), ledoit_wolf_intensity(draws * torch.tensor([10.0, 1.0, 1.0, 1.0]))
    (tensor(1., dtype=torch.float64), tensor(0.1368, dtype=torch.float64))

    Args:
        samples: (..., snapshot, element).

    Returns:
        ρ in [0, 1].

    Raises:
        InputError: no snapshot.
    """
    snapshots, size = samples.shape[-2:]
    _check_snapshots(snapshots)
    covariance = sample_covariance(samples)
    squared = torch.view_as_real(covariance).square().sum(dim=(-1, -2, -3))
    fourth = torch.view_as_real(samples).square().sum(dim=(-1, -2)).square().mean(-1)
    distance = (squared - trace(covariance).square() / size).clamp_min(torch.finfo(squared.dtype).tiny)
    return ((fourth - squared) / snapshots / distance).clamp(0, 1)


def _check_snapshots(snapshots: int) -> None:
    if snapshots < 1:
        raise InputError("at least one snapshot", str(snapshots), "an empty block", "pass L, the samples averaged")
