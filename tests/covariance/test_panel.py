"""Are the panel's covariances what they say: true, back-projected with a warning, and blended?"""

import warnings
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.covariance import (
    LowRank,
    UninformativeCovarianceWarning,
    back_projected,
    back_projections,
    blend,
    sample_covariance,
    subspace_overlap,
    trace_normalise,
    true_covariance,
)
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Scenes,
    coded_operator,
    cosines_from_positions,
    draw,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream


def drawn(**overrides: object) -> Scenes:
    return draw(preset("random", **{"sources": 2, "snr_db": 20.0, **overrides}), 3, stream(0, "panel covariance"))


def test_back_projection_against_the_pseudoinverse() -> None:
    seen = drawn(horizontal=6, vertical=5, antennas=4).observation
    operator = coded_operator(seen.codes, seen.channel)
    slow = (torch.linalg.pinv(operator) @ seen.measurements[..., None]).squeeze(-1)
    torch.testing.assert_close(back_projections(seen), slow)
    dense = trace_normalise(sample_covariance(slow))
    torch.testing.assert_close(back_projected(seen, silent=True).dense(), dense)


def test_more_antennas_than_elements_recover_the_panel_signal() -> None:
    """M > N without noise: x_l = A s_l exactly, nothing to warn of, and the whole subspace."""
    scenes = drawn(horizontal=4, vertical=3, antennas=16, snr_db=200.0)
    seen, truth = scenes.observation, scenes.truth
    cosines = cosines_from_positions(truth.positions)
    vectors = steering_at(cosines, seen.array)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        covariance = back_projected(seen)
    torch.testing.assert_close(back_projections(seen), truth.symbols @ vectors, rtol=1e-6, atol=1e-6)
    overlap = subspace_overlap(covariance, cosines, seen.array)
    torch.testing.assert_close(overlap, torch.ones(3, dtype=torch.float64))


def test_fewer_antennas_than_elements_warn_once_per_call() -> None:
    seen = drawn().observation
    for _ in range(2):
        with pytest.warns(UninformativeCovarianceWarning, match=r"M/\(1 - M/N\) = 18\.0 \(12\.6 dB\)") as caught:
            back_projected(seen)
        assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back_projected(seen, silent=True)


def test_the_overlap_stops_growing_with_the_snr() -> None:
    """From 30 to 60 dB nothing changes: the self-noise, not the noise, limits it. The true covariance has it all."""
    measured = []
    for snr_db in (30.0, 60.0):
        scenes = drawn(snr_db=snr_db, sources=1)
        cosines = cosines_from_positions(scenes.truth.positions)
        panel = scenes.observation.array
        covariance = back_projected(scenes.observation, silent=True)
        measured.append(subspace_overlap(covariance, cosines, panel).mean())
        whole = true_covariance(cosines, scenes.truth.powers, panel, floor=0.1)
        torch.testing.assert_close(subspace_overlap(whole, cosines, panel), torch.ones(3, dtype=torch.float64))
    assert (measured[1] - measured[0]).abs() < 0.02
    assert measured[1] < 0.6


def test_true_covariance_is_the_sum_over_sources_and_ignores_padding() -> None:
    scenes = draw(preset("random", sources=(1, 3)), 6, stream(4, "panel covariance"))
    truth, seen = scenes.truth, scenes.observation
    cosines = cosines_from_positions(truth.positions)
    assert cosines.isnan().any()
    covariance = true_covariance(cosines, truth.powers, seen.array, floor=0.2).dense()
    for scene in range(6):
        order = int(truth.sources[scene])
        a = steering_at(cosines[scene, :order], seen.array).mT
        signal = trace_normalise(a @ torch.diag(truth.powers[scene, :order]).to(a.dtype) @ a.mH)
        torch.testing.assert_close(covariance[scene], (signal + 0.2 * torch.eye(144)) / 1.2)


def test_a_scene_without_energy_is_refused() -> None:
    seen = drawn().observation
    with pytest.raises(InputError, match="trace"):
        back_projected(replace(seen, measurements=seen.measurements * 0), silent=True)


def low_rank(rank: int, dtype: torch.dtype = torch.complex128) -> LowRank:
    """Two random covariances whose factor and floor can be taught."""
    generator = stream(rank, "blend")
    factor = torch.randn(2, 5, rank, dtype=torch.complex128, generator=generator).to(dtype)
    floor = torch.rand(2, dtype=torch.float64, generator=generator).to(factor.real.dtype)
    return LowRank(factor.requires_grad_(), floor.requires_grad_())


@pytest.mark.parametrize("beta", [0.0, 0.25, 1.0])
def test_blend_is_the_blend_of_the_matrices(beta: float) -> None:
    predicted, sampled = low_rank(2), low_rank(3)
    slow = (1 - beta) * predicted.dense() + beta * sampled.dense()
    torch.testing.assert_close(blend(predicted, sampled, beta).dense(), slow)
    assert blend(predicted, sampled) is predicted


def test_blend_teaches_the_prediction_alone() -> None:
    predicted, sampled, beta = low_rank(2), low_rank(3), 0.25
    wanted = torch.autograd.grad((1 - beta) * predicted.trace.sum(), (predicted.factor, predicted.floor))
    blend(predicted, sampled, beta).trace.sum().backward()
    torch.testing.assert_close((predicted.factor.grad, predicted.floor.grad), wanted)
    assert sampled.factor.grad is None and sampled.floor.grad is None


def test_blend_keeps_the_precision_of_the_prediction() -> None:
    mixed = blend(low_rank(2, torch.complex64), low_rank(3), 0.5)
    assert (mixed.factor.dtype, mixed.floor.dtype) == (torch.complex64, torch.float32)


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(beta: float) -> None:
    with pytest.raises(InputError, match="beta"):
        blend(low_rank(1), low_rank(1), beta)
