"""Does the figure of a training say what happened?"""

import numpy as np

from ris_pytorch_pipeline.report import training_figure


def update(attempt: int, *, outcome: str = "applied") -> dict:
    motion = {"total": 0.1 * attempt} if outcome == "applied" else None
    return {"attempt": attempt, "outcome": outcome, "rates": {"backbone": 1e-3, "head": 4e-3}, "motion": motion}


def test_the_training_is_drawn_with_what_was_not_applied() -> None:
    epochs = [
        {"epoch": n, "train": 3.0 / n, "weights": kind, "validation": {"total": 2.0 / n, "nmse": 1.0 / n}}
        for n, kind in ((1, "live"), (2, "ema"))
    ]
    figure = training_figure(epochs, [update(1), update(2, outcome="skipped: a gradient is not finite"), update(3)])
    loss, errors, motion, rates = figure.axes
    assert [line.get_label() for line in loss.lines] == ["train, live weights", "validation, live then ema weights"]
    assert np.asarray(errors.lines[0].get_ydata()).tolist() == [1.0, 0.5]
    assert [line.get_label() for line in motion.lines if not str(line.get_label()).startswith("_")] == [
        "measured, n = 2", "not applied, n = 1",
    ]  # fmt: skip
    assert [line.get_label() for line in rates.lines] == ["backbone", "head"]
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
