"""What the tests of the bench share: simulated scenes with their bound, and an estimator of known quality."""

from collections.abc import Callable

import pytest
import torch

from ris_pytorch_pipeline.bench import Trial, trial_of
from ris_pytorch_pipeline.estimate import Estimate, Status
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.rng import stream


def estimate_of(positions: torch.Tensor) -> Estimate:
    """An estimate that states positions and nothing else; NaN marks empty slots."""
    order = (~positions.isnan().any(-1)).sum(-1)
    nothing = torch.full(positions.shape, torch.nan, dtype=positions.dtype)
    return Estimate(
        positions=positions,
        order=order,
        powers=nothing[..., 0],
        deviations=nothing,
        noise_variance=torch.full(order.shape, torch.nan, dtype=positions.dtype),
        status=(Status.CONVERGED,) * order.numel(),
    )


@pytest.fixture(scope="session")
def trial() -> Trial:
    """120 scenes of three sources at 20 dB within 5 m, where the bound is far below the 3° tolerance."""
    scenario = preset("random", sources=3, snr_db=20.0, distance=(0.5, 5.0), horizontal=10, vertical=10, snapshots=8)
    return trial_of(scenario, 120, seed=0)


@pytest.fixture(scope="session")
def gaussian(trial: Trial) -> Callable[[float], torch.Tensor]:
    """Positions with Gaussian errors whose covariance is the bound's, times a factor on the standard deviation."""

    def positions(factor: float) -> torch.Tensor:
        shape = trial.scenes.truth.positions.shape
        white = torch.randn(shape, generator=stream(1, "fake"), dtype=torch.float64)
        error = (torch.linalg.cholesky(trial.bound.covariance) @ white.unsqueeze(-1)).squeeze(-1)
        return trial.scenes.truth.positions + factor * error

    return positions


@pytest.fixture
def guess() -> Callable[[torch.Tensor], Estimate]:
    return estimate_of
