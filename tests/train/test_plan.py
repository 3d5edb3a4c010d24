"""Does a plan use each batch once, and refuse what cannot be trained?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Plan


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 9), st.none() | st.integers(1, 20))
def test_each_batch_is_in_one_window_and_none_is_dropped(scenes, batch, accumulation, most) -> None:
    plan = Plan(n_train=max(scenes, batch), batch=batch, max_train_batches=most)
    sizes, windows = plan.sizes(), plan.windows(accumulation)
    assert [i for window in windows for i in window] == list(range(len(sizes)))
    assert all(len(window) == accumulation for window in windows[:-1])
    assert plan.updates(accumulation) == plan.epochs * math.ceil(len(sizes) / accumulation)
    if most is None:
        assert sum(sizes) == plan.n_train


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 0}, {"n_train": 0}, {"n_val": -1}, {"max_train_batches": 0}, {"max_val_batches": 0}, {"hold_mb": 0},
        {"n_train": 16, "batch": 32}, {"same_scenes": True}, {"same_scenes": True, "fresh": False, "n_val": 1},
    ],
)  # fmt: skip
def test_budgets_that_cannot_be_are_refused(values) -> None:
    with pytest.raises(ConfigurationError, match="Next:"):
        Plan(**values)
