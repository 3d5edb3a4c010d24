"""Do bootstrap intervals cover, and do they say when there is nothing to average?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.bench import Measure, bootstrap, bootstrap_mean
from ris_pytorch_pipeline.rng import stream


def test_interval_of_a_mean_has_the_textbook_width() -> None:
    values = torch.randn(400, generator=stream(0, "values"), dtype=torch.float64)
    interval = bootstrap_mean(values, stream(0, "boot"))
    half = 1.96 * float(values.std()) / math.sqrt(400)
    assert interval.value == pytest.approx(float(values.mean()))
    assert interval.high - interval.value == pytest.approx(half, rel=0.15)
    assert interval.value - interval.low == pytest.approx(half, rel=0.15)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for trial in range(60):
        values = torch.randn(80, generator=stream(trial, "coverage"), dtype=torch.float64) + 3
        interval = bootstrap_mean(values, stream(trial, "boot"))
        covered += interval.low <= 3 <= interval.high
    assert 52 <= covered <= 60  # 57 expected; below 52 has probability 0.6 % at a true coverage of 0.95


def test_a_ratio_pools_sums() -> None:
    ratio = bootstrap(torch.tensor([4.0, 0.0, 5.0]), torch.tensor([2.0, 0.0, 1.0]), stream(0, "boot"))
    assert ratio.value == pytest.approx(3.0)
    assert ratio.low == pytest.approx(2.0) and ratio.high == pytest.approx(5.0)


def test_scenes_are_the_unit_of_resampling() -> None:
    """A scene with ten equal sources carries the weight of one draw, so the interval is no narrower."""
    values = torch.randn(50, generator=stream(0, "values"), dtype=torch.float64)
    once = bootstrap(values, torch.ones(50, dtype=torch.float64), stream(0, "boot"))
    repeated = bootstrap(10 * values, torch.full((50,), 10.0, dtype=torch.float64), stream(0, "boot"))
    assert once.low == pytest.approx(repeated.low) and once.high == pytest.approx(repeated.high)


def test_nothing_to_average_is_nan() -> None:
    nothing = bootstrap(torch.zeros(5), torch.zeros(5), stream(0, "boot"))
    assert all(math.isnan(x) for x in (nothing.value, nothing.low, nothing.high))
    assert math.isnan(nothing.sqrt().value)


def test_same_generator_same_interval() -> None:
    values = torch.arange(30.0)
    assert bootstrap_mean(values, stream(3, "boot")) == bootstrap_mean(values, stream(3, "boot"))


def test_units() -> None:
    assert Measure(4.0, 1.0, 9.0).sqrt() == Measure(2.0, 1.0, 3.0)
    assert Measure(1.0, 0.5, 2.0).times(2.0) == Measure(2.0, 1.0, 4.0)
