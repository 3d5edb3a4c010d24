"""Is the rate a function of the update alone, never zero, and back at its peak soon after the start?"""

from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Optimisation
from ris_pytorch_pipeline.train import average_weight, rate_factor, rates
from ris_pytorch_pipeline.train.loop.schedule import last_phase, warmup_updates

runs = st.integers(1, 5000)
averages = st.sampled_from(["live", "ema", "swa"])


@given(runs, averages, st.data())
def test_the_rate_is_positive_and_at_most_the_peak(updates, average, data) -> None:
    update = data.draw(st.integers(0, updates - 1))
    factor = rate_factor(update, updates, Optimisation(average=average))
    assert Optimisation().floor <= factor <= 1


@given(runs)
def test_the_first_update_of_every_group_moves(updates) -> None:
    first = rates(0, updates, Optimisation(rate=2e-4), ("backbone", "head"))
    assert min(first.values()) >= 2e-5
    assert first["head"] == pytest.approx(4 * first["backbone"])


@given(runs)
def test_warming_up_takes_at_most_two_percent_and_ten_updates_of_a_short_run(updates) -> None:
    warm = warmup_updates(updates, Optimisation())
    assert warm == 1 or warm <= 0.02 * updates
    assert updates > 500 or warm <= 10


@pytest.mark.parametrize("updates", [1, 2, 10, 100, 1000])
def test_the_mean_rate_is_no_small_part_of_the_peak(updates) -> None:
    factors = [rate_factor(u, updates, Optimisation()) for u in range(updates)]
    assert fmean(factors) > 0.5
    assert max(factors) > 0.99


def test_warm_up_then_cosine_to_the_floor() -> None:
    config = Optimisation(warmup=0.1, floor=0.2, average="live")
    factors = [rate_factor(u, 100, config) for u in range(100)]
    assert factors[:10] == pytest.approx([max(0.2, (u + 1) / 10) for u in range(10)])
    assert factors[10] == 1
    assert all(a > b for a, b in pairwise(factors[10:]))
    assert factors[-1] == pytest.approx(0.2, abs=1e-3)


def test_the_last_phase_runs_at_a_constant_rate() -> None:
    config = Optimisation(average="swa", constant_from=0.8, constant=0.3)
    assert [rate_factor(u, 100, config) for u in range(80, 100)] == [0.3] * 20
    assert last_phase(100, config) == 80


def test_the_last_phase_averages_its_updates_evenly() -> None:
    config = Optimisation(average="swa")
    mean = 0.0
    for update in range(100):
        weight = average_weight(update, 100, config)
        mean += weight * (update - mean)
    assert mean == pytest.approx(fmean(range(80, 100)))


def test_the_exponential_average_forgets_its_start() -> None:
    weights = [average_weight(u, 1000, Optimisation(decay=0.99)) for u in (0, 10, 10_000)]
    assert weights == pytest.approx([0.9, 9 / 20, 0.01])


def test_a_run_without_updates_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="budget of zero"):
        rate_factor(0, 0, Optimisation())


@pytest.mark.parametrize(
    "values",
    [
        {"rate": 0.0}, {"floor": 0.0}, {"ratios": (("late", -1.0),)}, {"ratios": (("late", 1.0), ("late", 2.0))},
        {"head_ratio": -1.0}, {"clip": 0.0}, {"accumulation": 0}, {"warmup": 1.0},
        {"floor": 2.0}, {"constant_from": 0.01}, {"weight_decay": -1.0}, {"rate": float("nan")},
    ],
)  # fmt: skip
def test_rates_that_would_not_train_are_refused(values) -> None:
    with pytest.raises(ConfigurationError):
        Optimisation(**values)
