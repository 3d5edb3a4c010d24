"""Is a log with epochs and steps judged by its values, however few epochs they fill?"""

import math
from array import array
from itertools import groupby, pairwise
from random import Random

import pytest

from trainlint import diagnose_text
from trainlint.after.series import runs

FORMS = (
    "epoch {e} step {s} loss {v:.4f}",
    "{{'loss': {v:.4f}, 'grad_norm': 1.1, 'learning_rate': 5e-05, 'epoch': {f:.2f}}}",
    "Epoch: [{e}][{b}/12] Loss {v:.4f}",
)


def log(form: str, values: list[float], batches: int = 12) -> str:
    """Lines of one form, so many a pass."""
    told = ({"e": i // batches, "b": i % batches, "s": i, "f": i / batches, "v": v} for i, v in enumerate(values))
    return "\n".join(form.format(**line) for line in told)


def codes(text: str) -> set[str]:
    """Codes of what is more than a note."""
    return {f.rule.code for f in diagnose_text(text).findings if f.severity.name != "NOTE"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("passes", [3, 5, 7])
def test_a_rise_over_steps_is_named_however_few_epochs_it_fills(form: str, passes: int) -> None:
    """A loss that rises three times over is no healthy run."""
    count = 12 * passes
    assert codes(log(form, [2 + 4 * i / count for i in range(count)])) == {"RT253"}


@pytest.mark.parametrize("form", FORMS)
def test_a_loss_at_the_level_of_a_guess_over_five_epochs_is_flat(form: str) -> None:
    """Sixty values between 2.3026 and 2.3027."""
    assert codes(log(form, [2.3026 + 1e-4 * (i % 2) for i in range(60)])) == {"RT251"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("top", "found"), [(12.0, True), (3.5, False)])
def test_a_loss_that_turns_and_climbs_far_above_its_start_is_named(form: str, top: float, found: bool) -> None:
    """It climbs step by step, without a jump; back to near its start, another phase may have begun."""
    values = [4.3 * math.exp(-i / 30) for i in range(15)]
    values += [min(top, values[-1] + 0.8 * i) for i in range(21)]
    assert bool(codes(log(form, values)) & {"RT202", "RT253"}) is found


@pytest.mark.parametrize("form", FORMS)
def test_a_jump_for_good_within_the_last_epochs_is_named(form: str) -> None:
    """A loss that falls and stays at five times its first value from the middle of the third of four passes on."""
    random = Random(1)
    values = [2 * math.exp(-i / 20) if i < 30 else 10 + random.random() for i in range(48)]
    assert codes(log(form, values)) & {"RT202", "RT253"}


@pytest.mark.parametrize("form", FORMS)
def test_noisy_losses_that_fall_over_few_epochs_are_sound(form: str) -> None:
    """Forty runs of three to seven passes with noise of up to a third."""
    random = Random(3)
    for k in range(40):
        count, noise = 12 * random.choice((3, 5, 7)), 0.3 * random.random()
        values = [(1 + math.exp(-4 * i / count)) * math.exp(random.gauss(0, noise)) for i in range(count)]
        assert codes(log(form, values)) <= set(), k


def test_sums_that_begin_anew_with_each_epoch_are_no_rise() -> None:
    """A running sum of a falling loss climbs within each pass."""
    sums = [(1 + 1 / (1 + e)) * (b + 1) for e in range(4) for b in range(12)]
    assert codes(log("epoch {e} iter {b} running_loss {v:.3f}", sums)) == set()


def in_turn(epochs: array, key) -> list[tuple[int, int]]:
    """Begin and end of each row, told the slow way."""
    ends = [0]
    for _, row in groupby(map(key, epochs)):
        ends.append(ends[-1] + len(list(row)))
    return [*pairwise(ends)]


@pytest.mark.parametrize("key", [float, math.ceil])
def test_rows_of_one_epoch_are_those_of_a_plain_grouping(key) -> None:
    draw = Random(0)
    for size in range(60):
        epochs = array("d", [draw.choice([0.0, 0.5, 1.0, 1.5, 2.0, -1.0]) for _ in range(size)])
        assert runs(epochs, key) == in_turn(epochs, key)
    assert runs([math.nan, math.nan, 1.0, math.inf, math.inf]) == [(0, 1), (1, 2), (2, 3), (3, 5)]
