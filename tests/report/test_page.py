"""Is a page whole, its texts escaped, its pictures inside, and does the training's picture say what happened?"""

import base64

import numpy as np
from matplotlib.figure import Figure

from ris_pytorch_pipeline.report import heading, page, paragraph, picture, table, training_figure, verbatim


def test_texts_are_escaped() -> None:
    made = page("a < b", [heading("<x>"), paragraph("1 & 2"), verbatim("<y>"), table(["<c>"], [["<d>"]], "<e>")])
    assert made.startswith("<!doctype html>") and made.endswith("</html>\n")
    for text in ("a &lt; b", "&lt;x&gt;", "1 &amp; 2", "&lt;y&gt;", "&lt;c&gt;", "&lt;d&gt;", "&lt;e&gt;"):
        assert text in made


def test_a_picture_is_inside() -> None:
    made = picture(Figure(), 'one "picture"')
    data = made.split("base64,")[1].split('"')[0]
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert "&quot;picture&quot;" in made


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
