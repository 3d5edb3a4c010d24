"""Is the error of R_pred that of the dense matrices on the very scenes that a sweep's methods see?"""

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import HYBRIDS, cell_scenes, covariance_error, hybrids, trial_of
from ris_pytorch_pipeline.covariance import back_projected, trace_normalise
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.physics import Scenes, preset, steering

SCENARIO = preset("random", horizontal=6, vertical=6, antennas=8, snapshots=8, sources=(1, 2), snr_db=10.0)
NET = HybridNet(NetConfig(width=8, blocks=1).fitted_to(SCENARIO))


def true_dense(scenes: Scenes) -> Tensor:
    """A P A^H with trace N, source by source."""
    total = torch.zeros(len(scenes), 36, 36, dtype=torch.complex128)
    for row in range(len(scenes)):
        present = scenes.truth.positions[row, : int(scenes.truth.sources[row])]
        vectors = steering(present, scenes.observation.array)
        for a, power in zip(vectors, scenes.truth.powers[row], strict=False):
            total[row] += power * torch.outer(a, a.conj())
    return trace_normalise(total)


def relative(found: Tensor, true: Tensor) -> Tensor:
    return (found.to(true) - true).abs().square().sum((-1, -2)) / true.abs().square().sum((-1, -2))


def test_it_is_that_of_the_matrices() -> None:
    error = covariance_error(NET, SCENARIO, 5, seed=3)
    drawn = cell_scenes(SCENARIO, 5, 3)
    torch.testing.assert_close(drawn.observation.measurements, trial_of(SCENARIO, 5, 3).scenes.observation.measurements)
    true = true_dense(drawn)
    predicted = hybrids(NET)[HYBRIDS[0]].predict(drawn.observation).covariance.dense()
    sampled = back_projected(drawn.observation, silent=True).dense()
    assert error.n == 5
    assert error.predicted.value == pytest.approx(float(relative(predicted, true).mean()), rel=1e-4)
    assert error.sampled.value == pytest.approx(float(relative(sampled, true).mean()), rel=1e-6)
    assert error.predicted.low <= error.predicted.value <= error.predicted.high


def test_no_scene_is_refused() -> None:
    with pytest.raises(InputError, match="at least one scene"):
        covariance_error(NET, SCENARIO, 0, seed=3)
