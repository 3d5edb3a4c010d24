"""Is the error of R_pred that of the dense matrices on the very scenes that a sweep's methods see?"""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import HYBRIDS, cell_scenes, covariance_error, hybrids, trial_of
from ris_pytorch_pipeline.covariance import back_projected, trace_normalise
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import BackProjected, Mvdr
from ris_pytorch_pipeline.localise import OnCovariance
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.physics import Observation, Scenario, Scenes, preset, steering

SCENARIO = preset("random", horizontal=6, vertical=6, antennas=8, snapshots=8, sources=(1, 2), snr_db=10.0)
NET = HybridNet(NetConfig(width=8, blocks=1).fitted_to(SCENARIO))


WIDE = replace(SCENARIO, frequencies=3, bandwidth=0.1, snapshots=4)
WIDE_NET = HybridNet(NetConfig(width=8, blocks=1).fitted_to(WIDE))


def true_dense(scenes: Scenes) -> Tensor:
    """A P A^H with trace N, source by source."""
    total = torch.zeros(len(scenes), 36, 36, dtype=torch.complex128)
    for row in range(len(scenes)):
        present = scenes.truth.positions[row, : int(scenes.truth.sources[row])]
        vectors = steering(present, scenes.observation.array.central)
        for a, power in zip(vectors, scenes.truth.powers[row], strict=False):
            total[row] += power * torch.outer(a, a.conj())
    return trace_normalise(total)


def relative(found: Tensor, true: Tensor) -> Tensor:
    return (found.to(true) - true).abs().square().sum((-1, -2)) / true.abs().square().sum((-1, -2))


@pytest.mark.parametrize(("net", "scenario"), [(NET, SCENARIO), (WIDE_NET, WIDE)], ids=["narrow", "wide"])
def test_it_is_that_of_the_matrices(net: HybridNet, scenario: Scenario) -> None:
    error = covariance_error(net, scenario, 5, seed=3)
    drawn = cell_scenes(scenario, 5, 3)
    torch.testing.assert_close(drawn.observation.measurements, trial_of(scenario, 5, 3).scenes.observation.measurements)
    true = true_dense(drawn)
    predicted = hybrids(net)[HYBRIDS[0]].predict(drawn.observation).covariance.dense()
    sampled = back_projected(drawn.observation, silent=True).dense()
    sampled = sampled[:, 1] if drawn.observation.wide else sampled  # at the middle wavelength, as R_pred
    assert error.n == 5
    assert error.predicted.value == pytest.approx(float(relative(predicted, true).mean()), rel=1e-4)
    assert error.sampled.value == pytest.approx(float(relative(sampled, true).mean()), rel=1e-6)
    assert error.predicted.low <= error.predicted.value <= error.predicted.high


@pytest.mark.filterwarnings("ignore::ris_pytorch_pipeline.covariance.UninformativeCovarianceWarning")
def test_a_blend_at_several_wavelengths_is_that_of_the_middle_one() -> None:
    seen = cell_scenes(WIDE, 3, 3).observation
    answer = hybrids(WIDE_NET)[HYBRIDS[0]].predict(seen)
    proposal = OnCovariance(spectrum=Mvdr(loading=1.0), beta=0.999999)
    found = proposal.propose(answer, seen, torch.ones(3, dtype=torch.long))
    middle = Observation(
        measurements=seen.measurements[:, 1], codes=seen.codes[:, 1], channel=seen.channel[:, 1],
        array=seen.array.central, symbols="random",
    )  # fmt: skip
    alone = BackProjected(spectral=Mvdr(loading=1.0), silent=True, fit=False)(middle, 1)
    torch.testing.assert_close(found.positions, alone.positions, rtol=1e-2, atol=1e-2)


def test_no_scene_is_refused() -> None:
    with pytest.raises(InputError, match="at least one scene"):
        covariance_error(NET, SCENARIO, 0, seed=3)
