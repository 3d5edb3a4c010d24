"""Are estimates judged fairly: efficient ones at 1, impossible ones with an alarm, misses and labels as they are?"""

import json
import math

import pytest
import torch

from ris_pytorch_pipeline.bench import Cell, confusion_matrix, score, summarise, to_json
from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.rng import stream


def cell_of(trial, estimate) -> Cell:
    return summarise(
        score(trial.scenes.truth, trial.bound, estimate),
        trial.bound,
        stream(0, "intervals"),
        method="fake",
        sources=3,
        snr_db=20.0,
        known_order=True,
        seconds=2.0,
        statuses=estimate.status,
    )


def test_the_bounds_own_error_has_ratio_one(trial, gaussian, guess) -> None:
    cell = cell_of(trial, guess(gaussian(1.0)))
    assert cell.success.value == 1 and cell.n == 120 and cell.scenes_per_s == 60
    assert cell.judged["azimuth"] == 360
    for name, ratio in cell.rmse_over_crb.items():
        assert ratio.value == pytest.approx(1, abs=4 / math.sqrt(2 * cell.judged[name])), name
        assert ratio.low < 1 < ratio.high or ratio.value == pytest.approx(1, abs=0.08), name
    for key in cell.rmse:
        assert cell.rmse[key].value == pytest.approx(cell.rms_bound[key], rel=0.25), key
    assert cell.gospa_whitened.value == pytest.approx(3, abs=0.25)  # the norm of 9 standard normal numbers
    assert cell.alarm is None


def test_half_the_bounds_error_raises_the_alarm(trial, gaussian, guess) -> None:
    cell = cell_of(trial, guess(gaussian(0.5)))
    alarm = cell.alarm
    assert alarm is not None
    assert f"azimuth RMSE is {cell.rmse_over_crb['azimuth'].value:.2f} of the bound" in alarm
    assert "below the bound is a bug, or it saw the truth" in alarm


def test_ten_scenes_raise_no_alarm(trial, gaussian, guess) -> None:
    few = torch.arange(10)
    truth, estimate = trial.scenes[few].truth, guess(gaussian(0.5)[few])
    bound = type(trial.bound)(**{name: value[few] for name, value in vars(trial.bound).items()})
    cell = summarise(
        score(truth, bound, estimate), bound, stream(0, "intervals"), method="fake", sources=3, snr_db=20.0,
        known_order=True, seconds=1.0, statuses=estimate.status,
    )  # fmt: skip
    assert cell.alarm is None and cell.rmse_over_crb["azimuth"].value < 0.7


def test_an_error_cut_off_by_the_tolerance_raises_no_alarm(trial, guess) -> None:
    """With a bound near 3°, success keeps only small errors; that is selection, and no bug."""
    truth = trial.scenes.truth
    deviation = math.radians(3)
    bound = type(trial.bound)(
        azimuth=torch.full_like(trial.bound.azimuth, deviation),
        elevation=torch.full_like(trial.bound.azimuth, deviation),
        distance=torch.full_like(trial.bound.azimuth, 5.0),
        covariance=torch.diag(torch.tensor([deviation**2, deviation**2, 25.0]).double()).expand(120, 3, 3, 3),
    )
    white = torch.randn(truth.positions.shape, generator=stream(2, "fake"), dtype=torch.float64)
    estimate = guess(truth.positions + white * bound.deviations * torch.tensor([1.0, 1.0, 0.0]))
    cell = summarise(
        score(truth, bound, estimate), bound, stream(0, "intervals"), method="fake", sources=3, snr_db=20.0,
        known_order=True, seconds=1.0, statuses=estimate.status,
    )  # fmt: skip
    assert cell.rmse_over_crb["azimuth"].high < 0.9
    assert cell.alarm is None
    assert cell.judged["distance"] == 0 and math.isnan(cell.rmse_over_crb["distance"].value)


def test_swapped_labels_change_nothing(trial, gaussian, guess) -> None:
    positions = gaussian(1.0)
    swapped = cell_of(trial, guess(positions[:, [2, 0, 1]])).to_json()
    plain = cell_of(trial, guess(positions)).to_json()
    for key, value in plain.items():
        assert swapped[key] == (pytest.approx(value) if isinstance(value, float) else value), key


def test_a_missing_source_is_counted(trial, gaussian, guess) -> None:
    positions = gaussian(1.0)
    positions[:30, 1] = torch.nan
    cell = cell_of(trial, guess(positions))
    assert cell.success.value == cell.order_accuracy.value == 0.75
    assert cell.missed.value == 0.25 and cell.false.value == 0
    assert cell.order_counts == (0, 0, 30, 90)
    assert cell.judged["azimuth"] == 270
    one_missed = math.sqrt(2 * 1 + 12.5)  # about two squared errors of 3 each replaced by c²/2
    assert cell.gospa_whitened.value > 0.75 * 3 + 0.25 * one_missed - 0.3


def test_a_false_source_is_counted_and_is_no_success(trial, gaussian, guess) -> None:
    positions = gaussian(1.0)
    extra = torch.full_like(positions[:, :1], torch.nan)
    extra[:12] = torch.tensor([1.4, 0.0, 3.0], dtype=torch.float64)
    cell = cell_of(trial, guess(torch.cat([extra, positions], dim=1)))
    assert cell.false.value == pytest.approx(0.1) and cell.missed.value == 0
    assert cell.success.value == pytest.approx(0.9)
    assert cell.order_counts == (0, 0, 0, 108, 12)


def test_a_wrong_place_is_one_missed_and_one_false(trial, gaussian, guess) -> None:
    positions = gaussian(0.0)
    positions[0, 0] = torch.tensor([1.4, 0.0, 3.0], dtype=torch.float64)
    cell = cell_of(trial, guess(positions))
    assert cell.missed.value == cell.false.value == pytest.approx(1 / 120)
    assert cell.order_accuracy.value == 1 and cell.success.value == pytest.approx(119 / 120)


def test_no_source_found_at_all(trial, guess) -> None:
    row = cell_of(trial, guess(torch.zeros(120, 0, 3, dtype=torch.float64))).to_json()
    assert row["success"] == 0 and row["missed"] == 3 and row["order_counts"] == [120]
    assert row["rmse_over_crb"] == {"azimuth": None, "elevation": None, "distance": None}
    assert row["gospa_whitened"] == pytest.approx(math.sqrt(3 * 12.5))
    assert row["alarm"] is None


def test_as_many_sources_as_possible_are_paired_within_the_tolerance() -> None:
    """A greedy or a least-sum pairing would join the two closest and leave two sources alone."""
    degree = math.pi / 180
    true = torch.tensor([[[0.0, 0.0, 1.0], [2.9 * degree, 0.0, 1.0]]], dtype=torch.float64)
    found = torch.tensor([[[2.85 * degree, 0.0, 1.0], [5.75 * degree, 0.0, 1.0]]], dtype=torch.float64)
    assert match_directions(true, found).tolist() == [[0, 1]]


def test_distance_errors_are_binned_by_true_distance(trial, gaussian, guess) -> None:
    positions = gaussian(0.0)
    far = trial.scenes.truth.positions[..., 2] >= 3
    positions[..., 2] += torch.where(far, 0.5, 0.1)
    bins = {(b.near, b.far): b for b in cell_of(trial, guess(positions)).distance_by_range}
    assert bins[3.0, 5.0].rmse == pytest.approx(0.5) and bins[1.0, 2.0].rmse == pytest.approx(0.1)
    assert bins[3.0, 5.0].n == int(far.sum()) and sum(b.n for b in bins.values()) == 360
    assert bins[10.0, math.inf].n == 0 and math.isnan(bins[10.0, math.inf].rmse)


def test_an_efficient_inverse_distance_has_ratio_one_and_its_distance_a_tail(trial, guess) -> None:
    truth = trial.scenes.truth
    relative = 0.25
    r = truth.positions[..., 2]
    covariance = torch.diag(torch.tensor([1e-6, 1e-6, 1.0]).double()).repeat(120, 3, 1, 1)
    covariance[..., 2, 2] = (relative * r.clamp(max=3.9)).square()
    azimuth, elevation, distance = covariance.diagonal(dim1=-2, dim2=-1).sqrt().unbind(-1)
    bound = type(trial.bound)(azimuth=azimuth, elevation=elevation, distance=distance, covariance=covariance)
    white = torch.randn(r.shape, generator=stream(3, "fake"), dtype=torch.float64).clamp(-3, 3)
    positions = truth.positions.clone()
    positions[..., 2] = 1 / (1 / r + white * distance / r.square())
    cell = summarise(
        score(truth, bound, guess(positions)), bound, stream(0, "intervals"), method="fake", sources=3, snr_db=20.0,
        known_order=True, seconds=1.0, statuses=[],
    )  # fmt: skip
    assert cell.inverse_distance_over_crb.value == pytest.approx(1, abs=4 / math.sqrt(2 * cell.judged["distance"]))
    assert cell.rmse_over_crb["distance"].value > 1.15


def test_confusion_matrix_counts_scenes() -> None:
    matrix = confusion_matrix(torch.tensor([1, 1, 2, 3]), torch.tensor([1, 2, 2, 0]))
    assert matrix.tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [1, 0, 0, 0]]


def test_other_scenes_are_refused(trial, gaussian, guess) -> None:
    with pytest.raises(InputError, match="120, 120 and 119 scenes"):
        score(trial.scenes.truth, trial.bound, guess(gaussian(1.0)[:-1]))


def test_a_nan_position_counted_as_a_source_is_an_error(trial, gaussian, guess) -> None:
    positions = gaussian(1.0)
    estimate = guess(positions)
    positions[7, 2, 1] = torch.nan
    with pytest.raises(InputError, match="2 positions and order 3 in scene 7"):
        score(trial.scenes.truth, trial.bound, estimate)


def test_json_is_plain_and_has_no_nan(trial, gaussian, guess) -> None:
    document = to_json([cell_of(trial, guess(gaussian(1.0)))])
    text = json.dumps(document, allow_nan=False)
    row = json.loads(text)["cells"][0]
    wanted = {
        "method", "sources", "snr_db", "n", "success", "success_interval", "rmse_over_crb", "rmse_over_crb_interval",
        "order_accuracy", "gospa_whitened", "gospa_direction_deg", "gospa_cartesian_m", "missed", "false",
        "scenes_per_s", "bound", "alarm",
    }  # fmt: skip
    assert wanted <= row.keys()
    assert row["rmse_over_crb"].keys() == {"azimuth", "elevation", "distance"}
    assert row["bound"]["azimuth_deg"].keys() == {"median", "p90"}
    assert row["statuses"] == {"converged": 120}
    assert row["distance_by_range"][-1] == {"near": 10.0, "far": None, "n": 0, "rmse": None, "bound": None}
