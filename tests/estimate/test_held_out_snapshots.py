"""What is said of a snapshot from the others, against fits to the others; and sources that do not help to say it."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.estimate import MaximumLikelihood, PilotMl, Sml
from ris_pytorch_pipeline.estimate.ml.hypothesis import Hypothesis
from ris_pytorch_pipeline.estimate.ml.predicting import least_predictive, snapshot_gains
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.likelihood import held_out_steady, panel_block, snapshot_gram, whiten
from ris_pytorch_pipeline.physics import Observation, Scenes, chart_at, chart_of, draw, preset
from ris_pytorch_pipeline.rng import stream


def kept(seen: Observation, snapshots: Tensor) -> Observation:
    """Some of the snapshots."""
    return replace(seen, measurements=seen.measurements[:, snapshots], codes=seen.codes[:, snapshots])


def squares_left(scenes: Scenes, row: int, out: int) -> Tensor:
    """‖y_l - B_l s - D_l δ‖² of one snapshot, with s and δ of least squares on all the others."""
    seen, frequencies = scenes.observation, scenes.observation.array.frequencies
    chart, there = chart_of(scenes.truth.positions, seen.array)
    vectors = seen.response(panel_block(chart, there).to(seen.codes.dtype)).to(torch.complex128)[row]
    vectors = vectors.unflatten(0, (frequencies, -1)).unflatten(
        2, (4, -1)
    )  # (frequency, snapshot, kind, source, antenna)
    measured = seen.blocks[row].to(torch.complex128).unflatten(0, (frequencies, -1))
    columns = []
    for own, y in zip(vectors, measured, strict=True):
        waves = own[:, 0].mT.flatten(0, 1)
        amplitudes = torch.linalg.lstsq(waves, y.flatten()[:, None]).solution
        moves = (own[:, 1:] * amplitudes).flatten(1, 2).mT.flatten(0, 1)
        columns.append((torch.cat([waves, 1j * waves], dim=1), moves))
    fixed = torch.block_diag(*(waves for waves, _ in columns)), torch.cat([moves for _, moves in columns])
    model = torch.view_as_real(torch.cat(fixed, dim=1)).mT.unflatten(0, (frequencies, -1, measured.shape[-1]))
    target = torch.view_as_real(measured)
    others = [snapshot for snapshot in range(measured.shape[1]) if snapshot != out]
    x = torch.linalg.lstsq(model[:, others].flatten(0, 3), target[:, others].flatten()[:, None]).solution
    return (target[:, out].flatten() - (model[:, out].flatten(0, 2) @ x)[:, 0]).square().sum()


@pytest.mark.parametrize("frequencies", [1, 2])
def test_a_snapshot_of_pilots_is_predicted_as_by_least_squares_on_the_others(frequencies: int) -> None:
    wide = {"frequencies": frequencies, "bandwidth": 0.1} if frequencies > 1 else {}
    small = preset("pilot", horizontal=5, vertical=5, antennas=4, snapshots=6, sources=2, snr_db=10.0, **wide)
    scenes = draw(small, 2, stream(3, "held out"))
    seen = scenes.observation
    chart, there = chart_of(scenes.truth.positions, seen.array)
    found = held_out_steady(snapshot_gram(there, chart, seen, seen.blocks), frequencies)
    equations = 4 * frequencies
    for row in range(2):
        left = torch.stack([squares_left(scenes, row, out) for out in range(6)])
        noise = (left.sum() - left) / (equations * 5)
        assert torch.allclose(found[row], equations * noise.log() + left / noise, rtol=1e-5)


def random_optimum(seen: Observation, positions: Tensor) -> Hypothesis:
    """The optimum near given positions."""
    estimator = Sml(fit=False)
    likelihood = estimator.likelihood(seen)
    start = estimator.start(likelihood, positions)
    return likelihood.refine(start.rows, start.hypothesis, iterations=50, tolerance=1e-8)


def of_each_snapshot(seen: Observation, at: Hypothesis) -> Tensor:
    """log|Γ_l| + y_l^H Γ_l⁻¹ y_l at given parameters, (scene, snapshot)."""
    chart = chart_at(at.cosines, seen.array)
    gram = snapshot_gram(chart.coordinates(at.cosines), chart, seen, seen.blocks)
    whitened = whiten(gram, at.log_powers.exp(), at.log_noise.exp())
    return whitened.logdet + whitened.quadratic


def test_snapshots_of_random_symbols_are_predicted_nearly_as_by_fits_to_the_others() -> None:
    scenes = draw(preset("random", snapshots=64, sources=2, snr_db=5.0), 4, stream(3, "held out"))
    seen, rows, every = scale(scenes.observation).observation, torch.arange(4), torch.arange(64)
    likelihood, end = Sml().likelihood(seen), random_optimum(seen, scenes.truth.positions)
    found = likelihood.held_out(rows, end).sum(1)
    exact = torch.zeros(4, dtype=torch.float64)
    for out in range(64):
        others = random_optimum(kept(seen, every[every != out]), scenes.truth.positions)
        exact += of_each_snapshot(seen, others)[:, out]
    assert bool(((exact - end.value) > 5).all())  # nine parameters: a fit is better where it was made
    assert torch.allclose(found - end.value, exact - end.value, rtol=0.15)


def test_a_pilot_without_which_snapshots_are_predicted_better_is_not_kept() -> None:
    few = preset("pilot", snapshots=4, antennas=4, sources=(1, 3), snr_db=10.0)
    scenes = draw(few, 300, torch.Generator().manual_seed(3))[[299]]
    asked, counted = PilotMl()(scenes.observation, 1), PilotMl()(scenes.observation)
    off = (asked.positions - scenes.truth.positions).norm(dim=-1)
    assert float(off.min()) > 1.0  # with three sources heard by so few antennas a single one is found at a wrong place
    assert asked.fit is not None
    assert float(asked.fit.evidence[0, 0]) > 21.0
    assert least_predictive(PilotMl(), scale(scenes.observation), asked, 21.0).tolist() == [[True]]
    assert counted.order.tolist() == [0]


@pytest.mark.parametrize(("name", "estimator"), [("random", Sml()), ("pilot", PilotMl())])
def test_one_snapshot_full_of_noise_takes_no_source(name: str, estimator: MaximumLikelihood[Any]) -> None:
    scenes = draw(preset(name, sources=2, snr_db=10.0), 8, stream(3, "burst"))
    burst = torch.randn(8, 16, dtype=torch.complex64, generator=stream(4, "burst"))
    measurements = scenes.observation.measurements.clone()
    measurements[:, 5] += 20 * scenes.truth.noise_variance.sqrt()[:, None] * burst
    seen = replace(scenes.observation, measurements=measurements)
    found = estimator(seen, 2)
    gains = snapshot_gains(estimator, scale(seen), found.positions)
    assert bool((gains.sum(-1) < 0).any())  # that snapshot is worse predicted by whatever lowers σ²
    assert not bool(least_predictive(estimator, scale(seen), found, 21.0).any())


@pytest.mark.parametrize("snapshots", [1, 3])
def test_few_snapshots_predict_nothing_and_take_nothing(snapshots: int) -> None:
    scenes = draw(preset("random", snapshots=snapshots, sources=1, snr_db=30.0), 4, stream(3, "one"))
    found = Sml()(scenes.observation, 1)
    assert not bool(least_predictive(Sml(), scale(scenes.observation), found, 1e9).any())


def test_a_source_that_one_snapshot_hears_has_no_power_in_the_others() -> None:
    scenes = draw(preset("random", sources=1, snr_db=300.0), 1, stream(3, "once"))
    seen = scenes.observation
    noise = torch.randn(1, 16, 16, dtype=torch.complex64, generator=stream(4, "once"))
    alone = torch.zeros(1, 16, 1)
    alone[:, 3] = 100 / seen.measurements[:, 3].abs().square().mean().sqrt()
    scaled = scale(replace(seen, measurements=alone * seen.measurements + noise)).observation
    likelihood, end = Sml().likelihood(scaled), random_optimum(scaled, scenes.truth.positions)
    predicted = likelihood.held_out(torch.tensor([0]), end)[0, 3]
    energy = scaled.measurements[0, 3].abs().square().sum() / end.log_noise.exp()[0]
    assert predicted > 0.5 * energy  # nothing of it is expected
