"""Do intervals cover, and do they say when there is nothing to average?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.bench import Measure, bootstrap, bootstrap_mean, share
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


def test_a_ratio_of_skewed_sums_covers_as_often_as_it_says() -> None:
    """Mean squares of 30 scenes are skewed: of 400 such samples BCa covered 0.930, percentiles 0.918."""
    covered = 0
    for trial in range(200):
        squares = torch.randn(30, generator=stream(trial, "skewed"), dtype=torch.float64).square()
        interval = bootstrap(squares, torch.ones(30, dtype=torch.float64), stream(trial, "boot"))
        covered += interval.low <= 1 <= interval.high
    assert covered >= 176


def test_a_share_has_wilsons_interval() -> None:
    """Wilson (1927): centre (k + z²/2)/(n + z²), half width z sqrt(k (n - k)/n + z²/4)/(n + z²)."""
    z, n = 1.959964, 50
    for k in (0, 7, 50):
        found = share(torch.arange(n) < k)
        half = z * math.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
        centre = (k + z**2 / 2) / (n + z**2)
        assert found.value == k / n
        assert (found.low, found.high) == pytest.approx((centre - half, centre + half), abs=1e-6)
        assert 0 <= found.low <= found.high <= 1
    assert math.isnan(share(torch.zeros(0, dtype=torch.bool)).value)


def test_one_scene_has_a_value_and_no_interval() -> None:
    one = bootstrap(torch.tensor([4.0, 0.0]), torch.tensor([2.0, 0.0]), stream(0, "boot"))
    assert one.value == 2.0 and math.isnan(one.low) and math.isnan(one.high)


def test_equal_scenes_have_an_interval_of_no_width() -> None:
    found = bootstrap_mean(torch.full((12,), 0.3, dtype=torch.float64), stream(0, "boot"))
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))


def test_many_scenes_take_percentiles() -> None:
    values = torch.randn(6000, generator=stream(0, "many"), dtype=torch.float64)
    found = bootstrap_mean(values, stream(0, "boot"))
    assert found.high - found.low == pytest.approx(2 * 1.96 / math.sqrt(6000), rel=0.15)


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
