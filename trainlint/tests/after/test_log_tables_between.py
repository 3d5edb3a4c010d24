"""Are the rows of a table read whose title stands once, although another table stands between them?"""

import math

import pytest

from trainlint import State, diagnose_text

from .foreign_sound import falling, text

LOSSES = falling(14, 1.9, 0.4, 0.01)


def between(losses: list[float], *, titles: bool, scores: str = "  class     images   recall   AP") -> str:
    """A row of losses an epoch, each with a small table of scores behind it."""
    lines = [] if titles else ["  epoch   mem     box_loss   obj_loss"]
    for e, v in enumerate(losses, 1):
        lines += ["  epoch   mem     box_loss   obj_loss"] * titles
        lines += [f"  {e}/14    2.{e % 3}G    {v:.4f}    {v / 2:.4f}"]
        lines += [scores, f"  all       500      {0.5 + e / 40:.3f}    {0.4 + e / 40:.3f}"]
    return text(lines)


@pytest.mark.parametrize("titles", [False, True])
def test_each_row_belongs_to_the_table_that_it_looks_like(titles: bool):
    sound = diagnose_text(between(LOSSES, titles=titles))
    assert sound.healthy, str(sound)
    assert (sound.counts["epochs"], sound.counts["values"]) == (14, 56)
    lost = diagnose_text(between([*LOSSES[:6], *[math.nan] * 8], titles=titles))
    assert (lost.state, lost.codes[0]) == (State.DIVERGED, "RT201")
    assert "from epoch 7 to the end (8 of 14 values)" in lost.findings[0].evidence


def test_a_later_table_of_the_same_shape_takes_the_rows_below_its_own_title():
    first = [f"{e}  {v:.4f}  0.001" for e, v in enumerate(LOSSES, 1)]
    second = [f"{e}  {v + 0.2:.4f}  {0.5 + e / 40:.4f}" for e, v in enumerate(LOSSES, 1)]
    verdict = diagnose_text(text(["epoch  train_loss  lr", *first, "epoch  val_loss  accuracy", *second]))
    assert verdict.healthy, str(verdict)
    assert verdict.counts["values"] == 56
    assert not any("held-out" in told for told in verdict.blind)


def test_rows_between_bars_go_on_as_well():
    lines = ["| epoch | loss | lr |"]
    for e, v in enumerate(LOSSES, 1):
        lines += [f"| {e} | {v:.4f} | 0.01 |"]
        lines += ["| split | acc | f1 |", f"| dev | {0.5 + e / 40:.3f} | {0.4 + e / 40:.3f} |"]
    verdict = diagnose_text(text(lines))
    assert verdict.healthy, str(verdict)
    assert (verdict.counts["epochs"], verdict.counts["values"]) == (14, 56)


@pytest.mark.parametrize("took", ["3m07s", "1h02m", "2m 13s", "41s", "0:03:07", "1h 2m 3s"])
def test_a_time_of_several_units_is_a_cell_of_a_table(took: str):
    def table(losses: list[float]) -> str:
        rows = [f"| {e} | {v:.3f} | {1 / (1 + v):.4f} | {took} |" for e, v in enumerate(losses, 1)]
        return text(["| Epoch | Train loss | mAP@0.5 | Time |", "|---|---|---|---|", *rows])

    assert diagnose_text(table(LOSSES)).healthy
    assert diagnose_text(table([*LOSSES[:6], *[math.nan] * 8])).codes[0] == "RT201"
