"""Is a number that says where a loss was taken kept apart from the loss, in prose and in columns?"""

import math
from pathlib import Path

import pytest

from trainlint import State, diagnose_text
from trainlint.after.postmortem import read_series
from trainlint.after.series import Kind

from .foreign_sound import falling, text

PLACED = """\
Mean squared loss at epoch {e} = {v:.4f}
The training loss after epoch {e} is {v:.4f}.
[trainer] loss (iteration {s}): {v:.5f}
train_loss (epoch={e}) -> {v:.4f}
Reconstruction loss in epoch {e}/24: {v:.4f}
Loss step {s}: {v:.4f}
xent @ step {s}: {v:.4f}
Objective after {s} updates: {v:.4f}
Cost at the end of epoch {e} was {v:.4f}
loss at {s}: {v:.4f}
loss[{e}]: {v:.4f}
Training loss for batch #{s} is {v:.4f}, took 0.4 s
Loss at epoch {e} [{s}/2400]: {v:.4f}
loss during epoch {e}, step {s}: {v:.4f}
Verlust nach Schritt {s}: {v:.4f}
loss (after epoch {e}): {v:.4f}
loss at [{e}, {s}]: {v:.4f}
loss ({e}, {s}) = {v:.4f}
loss at {s}, {e}: {v:.4f}
loss for fold {e}: {v:.4f}
Train loss on client {e} = {v:.4f}
loss for fold {e}/24: {v:.4f}
Verlust für Faltung {e}: {v:.4f}
perte pour le pli {e} : {v:.4f}
loss@[{e},{s}]={v:.4f}
mean loss on {s} images: {v:.4f}
12:04:11 INFO training loss at update {s} | lm loss: {v:.5E} | lr: 1e-4 |"""
STATED = """\
loss_step={v:.4f} loss_epoch={v:.4f}
epoch {e} epoch_loss {v:.4f}
epoch {e} loss/step: {v:.4f}
Epoch {e} | Loss batch {v:.4f} | lr 0.001
step {s} loss after update: {v:.4f}
loss of batch {v:.4f} at step {s}
train loss (step={v:.4f}, epoch={v:.4f})
train epoch {e} step {s} loss {v:.4f}
Loss epoch {v:.4f}"""


def log(line: str, losses: list[float]) -> str:
    return text(line.format(e=i + 1, s=100 * (i + 1), v=v) for i, v in enumerate(losses))


SOUND = falling(24, 2.3, 0.4, 0.02)
LOST = [*SOUND[:9], *[math.nan] * 15]
STUCK = [0.6931 + 1e-4 * (i % 3) for i in range(24)]


@pytest.mark.parametrize("line", (PLACED + "\n" + STATED).split("\n"))
def test_the_place_of_a_loss_is_not_its_value(line: str):
    assert diagnose_text(log(line, SOUND)).healthy
    lost = diagnose_text(log(line, LOST))
    assert (lost.state, lost.codes[0]) == (State.DIVERGED, "RT201")


@pytest.mark.parametrize("line", PLACED.split("\n"))
def test_a_loss_that_is_stuck_is_so_wherever_it_was_taken(line: str):
    assert diagnose_text(log(line, STUCK)).state is State.STALLED


@pytest.mark.parametrize("line", ["Dev loss at epoch {e}: {v:.4f}", "test loss after {s} steps = {v:.4f}"])
def test_a_held_out_loss_that_rises_is_told_under_its_own_values(line: str):
    rising = [*falling(8, 1.5, 0.7), *(0.7 * 1.08**i for i in range(16))]
    both = zip(
        log("epoch {e} loss {v:.4f}", falling(24, 2.0, 0.1)).split("\n"), log(line, rising).split("\n"), strict=True
    )
    found = diagnose_text(text(line for pair in both for line in pair)).findings[0]
    assert (found.rule.code, found.numbers["best"]) == ("RT230", pytest.approx(0.7, rel=0.02))


@pytest.mark.parametrize("line", ["Accuracy after epoch {e}: {v:.4f}", "grad norm at step {s}: {v:.4f}"])
def test_other_quantities_have_places_as_well(line: str, tmp_path: Path):
    path = tmp_path / "run.log"
    path.write_text(log(line, SOUND), encoding="utf-8")
    (series,) = read_series(path).of(Kind.METRIC, Kind.GRADIENT_NORM)
    assert list(series.values) == pytest.approx(SOUND, abs=1e-4)


@pytest.mark.parametrize("title", ["loss at epoch", "train_loss_epoch", "loss/epoch", "epoch_loss", "loss (step)"])
@pytest.mark.parametrize("mark", [",", "\t", " | "])
def test_a_column_is_a_loss_whatever_place_its_title_names(title: str, mark: str):
    for losses, codes in ((SOUND, ()), (LOST, ("RT201",))):
        rows = [mark.join((str(i), f"{v:.4f}", "0.001")) for i, v in enumerate(losses, 1)]
        assert diagnose_text(text([mark.join(("epoch", title, "lr")), *rows])).codes[:1] == codes


def test_a_loss_that_is_its_own_step_throughout_is_a_place():
    lines = [f"step {50 * i} marker loss {50 * i} value of loss {v:.4f}" for i, v in enumerate(SOUND, 1)]
    verdict = diagnose_text(text(lines))
    assert not {"RT202", "RT204", "RT253"} & set(verdict.codes), str(verdict)
