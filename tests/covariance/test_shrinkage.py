"""Is the shrinkage intensity the complex one: near the best possible, and right in its moments?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import ledoit_wolf_intensity, oas_intensity, sample_covariance, shrink
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import complex_normal
from ris_pytorch_pipeline.rng import stream

SIZE, DRAWS = 12, 1500


def truth() -> torch.Tensor:
    """Two strong directions and noise."""
    strong = complex_normal((SIZE, 2), stream(0, "shrinkage truth"))
    return strong @ strong.mH + torch.eye(SIZE)


def samples(snapshots: int) -> torch.Tensor:
    white = complex_normal((DRAWS, snapshots, SIZE), stream(snapshots, "shrinkage"))
    return white @ torch.linalg.cholesky(truth()).mT


def error(intensity: torch.Tensor, covariance: torch.Tensor) -> float:
    return (shrink(covariance, intensity) - truth()).abs().square().sum(dim=(-1, -2)).mean().item()


@pytest.mark.parametrize("snapshots", [6, 24])
def test_both_are_near_the_best_constant_intensity(snapshots: int) -> None:
    x = samples(snapshots)
    covariance = sample_covariance(x)
    constant = [
        error(torch.full((DRAWS,), rho, dtype=torch.float64), covariance) for rho in torch.linspace(0, 1, 41).tolist()
    ]
    assert error(oas_intensity(covariance, snapshots), covariance) < 1.15 * min(constant)
    assert error(ledoit_wolf_intensity(x), covariance) < 1.15 * min(constant)
    assert min(constant) < 0.95 * min(constant[0], constant[-1])  # shrinking matters in this case


@pytest.mark.parametrize("snapshots", [4, 40])
def test_oas_is_the_fixed_point_of_the_complex_oracle(snapshots: int) -> None:
    """ρ = E<Σ - S, F - S>/E‖S - F‖² with complex moments, iterated from any start with tr(Σ²) -> tr(Σ̂ S)."""
    covariance = sample_covariance(samples(snapshots)[:5])
    squared = covariance.abs().square().sum(dim=(-1, -2))
    total = covariance.diagonal(dim1=-2, dim2=-1).real.sum(-1).square()
    rho = torch.full((5,), 0.5, dtype=torch.float64)
    for _ in range(2000):
        cross = (1 - rho) * squared + rho * total / SIZE
        top = (total - cross / SIZE) / snapshots
        rho = top / (cross + total / snapshots - (total + cross / snapshots) / SIZE)
    torch.testing.assert_close(oas_intensity(covariance, snapshots), rho.clamp(max=1.0), rtol=1e-4, atol=1e-6)


def test_the_complex_moments_behind_oas() -> None:
    """E tr(S²) = tr(Σ²) + tr²(Σ)/L and E tr²(S) = tr²(Σ) + tr(Σ²)/L, by simulation."""
    covariance, sigma, snapshots = sample_covariance(samples(6)), truth(), 6
    squared, total = sigma.abs().square().sum(), sigma.diagonal().real.sum().square()
    mean = covariance.abs().square().sum(dim=(-1, -2)).mean()
    torch.testing.assert_close(mean, squared + total / snapshots, rtol=0.05, atol=0)
    spread = covariance.diagonal(dim1=-2, dim2=-1).real.sum(-1).var()
    torch.testing.assert_close(spread, squared / snapshots, rtol=0.15, atol=0)


def test_ledoit_wolf_against_the_plain_sum() -> None:
    x = samples(6)[:4]
    covariance = sample_covariance(x)
    noise = sum(
        (x[:, i, :, None] * x[:, i, None, :].conj() - covariance).abs().square().sum(dim=(-1, -2)) for i in range(6)
    )
    level = covariance.diagonal(dim1=-2, dim2=-1).real.mean(-1)[:, None, None] * torch.eye(SIZE)
    distance = (covariance - level).abs().square().sum(dim=(-1, -2))
    torch.testing.assert_close(ledoit_wolf_intensity(x), (noise / 36 / distance).clamp(max=1))


def test_white_samples_shrink_fully_and_many_samples_not_at_all() -> None:
    white = complex_normal((200, 8, SIZE), stream(1, "white"))
    assert oas_intensity(sample_covariance(white), 8).mean() > 0.9
    many = sample_covariance(samples(6)[:100].flatten(0, 1))
    assert oas_intensity(many, 10**6) < 1e-5
    assert ledoit_wolf_intensity(samples(6).flatten(0, 1)) < 0.01


def test_no_snapshot_is_refused() -> None:
    with pytest.raises(InputError, match="snapshot"):
        oas_intensity(torch.eye(3) + 0j, 0)
