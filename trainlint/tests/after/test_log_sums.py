"""Losses that are printed as sums or means since their epoch began, `null` for NaN, restarts, packed files."""

import gzip
from collections.abc import Callable
from random import Random

import pytest

from trainlint import Severity, diagnose_path, diagnose_text
from trainlint.after.judging.subject import sums_up, taken_apart
from trainlint.after.series import Kind, Name, Series

from .foreign_sound import falling, text

NAME = Name(key="loss", kind=Kind.TRAIN_LOSS)


def plain(losses: list[float]) -> list[float]:
    return losses


def summed(losses: list[float]) -> list[float]:
    return [sum(losses[: i + 1]) for i in range(len(losses))]


def averaged(losses: list[float]) -> list[float]:
    return [sum(losses[: i + 1]) / (i + 1) for i in range(len(losses))]


def log(told: Callable[[list[float]], list[float]], losses: list[float], epochs: int, decimals: int = 4) -> str:
    size, lines = len(losses) // epochs, []
    for e in range(epochs):
        shown = told(losses[e * size : (e + 1) * size])
        lines += [f"epoch {e + 1} step {50 * (i + 1)} loss {v:.{decimals}f}" for i, v in enumerate(shown)]
    return text(lines)


@pytest.mark.parametrize("epochs", [1, 2, 3, 8])
@pytest.mark.parametrize("told", [plain, summed, averaged])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_loss_that_falls_is_sound_however_it_is_added_up(told, epochs: int, noise: float):
    verdict = diagnose_text(log(told, falling(16 * epochs, 2.0, 0.6, noise), epochs))
    assert verdict.healthy, str(verdict)


@pytest.mark.parametrize("told", [plain, summed, averaged])
def test_a_loss_that_grows_over_the_epochs_is_seen_through_its_sum(told):
    verdict = diagnose_text(log(told, falling(80, 0.5, 6.0, 0.05), 8))
    assert verdict.codes[0] in {"RT202", "RT253"}


def test_a_sum_is_not_held_against_the_validation_loss():
    lines = log(summed, falling(80, 2.0, 0.6, 0.02), 8).splitlines()
    for e in range(8):
        lines.insert(11 * e + 10, f"epoch {e + 1} val_loss {1.8 * 0.9**e:.4f}")
    verdict = diagnose_text(text(lines))
    assert verdict.healthy, str(verdict)
    assert any("sum" in told for told in verdict.blind)


def test_a_mean_that_reaches_zero_at_the_next_epoch_is_no_collapse():
    losses = [3.0, 0.4] + [0.0] * 38
    assert diagnose_text(log(averaged, losses, 2, 2)).healthy
    assert "RT250" in diagnose_text(log(plain, [1.0 - i / 100 for i in range(20)] + [0.0] * 20, 2)).codes


@pytest.mark.parametrize(
    "values",
    [
        [1, 1.1, 1.2, 1.3, 1.4],
        [1, 2, 4, 8, 16],
        [1.4**i for i in range(7)],
        [0.5, 0.4, 0.6, 0.9, 1.4],
        [1, 5, 5.1, 5.2, 5.3],
    ],
)
def test_a_rising_loss_is_no_sum(values: list[float]):
    series = Series(NAME)
    for step, value in enumerate(values):
        series.add(value, float("nan"), step)
    assert not sums_up(series)


def test_what_a_sum_adds_is_the_loss():
    series = Series(NAME)
    for i in range(12):
        series.add([0.5, 0.9, 1.2, 1.4][i % 4], i // 4, i)
    assert sums_up(series)
    assert taken_apart(series).values.tolist() == pytest.approx([0.5, 0.4, 0.3, 0.2] * 3)


def test_null_to_the_end_is_a_loss_that_is_not_a_number():
    rows = [f'{{"epoch": {e}, "loss": {"null" if e > 6 else 1 / (e + 1)}, "lr": 0.1}}' for e in range(12)]
    for told in (text(rows), f"[{','.join(rows)}]"):
        verdict = diagnose_text(told)
        assert verdict.codes == ("RT201",)
        assert verdict.findings[0].severity is Severity.WARNING


def test_null_that_comes_and_goes_is_nothing():
    rows = [f'{{"step": {s}, "loss": {"null" if s % 4 else 1 / (s + 1)}, "lr": 0.1}}' for s in range(40)]
    assert diagnose_text(text(rows)).healthy


@pytest.mark.parametrize("start", [2500, 3000])
def test_a_loss_that_goes_on_after_a_restart_is_sound(start: int):
    lines = [f"step {100 * i} loss {v:.4f}" for i, v in enumerate(falling(30, 3.0, 1.5, 0.05))]
    lines += [f"step {100 * i} loss {v:.4f}" for i, v in enumerate(falling(60, 3.0, 0.8, 0.05, 1)) if 100 * i >= start]
    assert diagnose_text(text(lines)).healthy


def test_a_compressed_log_that_is_still_written_is_read_as_far_as_it_goes(tmp_path):
    draw, path = Random(0), tmp_path / "train.log.gz"
    lines = [f"step {i} loss {'nan' if i > 3000 else draw.random():.9}" for i in range(40_000)]
    packed = gzip.compress(text(lines).encode(), mtime=0)
    path.write_bytes(packed[: len(packed) * 3 // 4])
    assert diagnose_path(path).codes == ("RT201",)


def test_a_table_of_phases_names_both_losses():
    lines = []
    for e in range(6):
        rows = [("loss", 0.9 * 0.8**e, "nan" if e > 2 else f"{0.95 * 0.8**e:.3f}"), ("accuracy", 0.5 + e / 20, "0.500")]
        lines += ["|          | train | val |", "|----------|-------|-----|"]
        lines += [f"| {name} | {train:.3f} | {val} |" for name, train, val in rows]
    verdict = diagnose_text(text(lines))
    assert "RT213" in verdict.codes
    assert "val_loss" in verdict.findings[0].evidence
