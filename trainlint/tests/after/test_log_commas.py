"""Are decimals behind commas read where a file writes them so, and never as half a number?"""

import pytest

from trainlint import diagnose_text
from trainlint.after.reading.numerals import Commas
from trainlint.after.reading.sources import read_text

VALUES = [2.303, 1.2, 0.912, 0.703, 0.551, 0.433, 0.371, 0.322]


def comma(value: float, digits: int = 3) -> str:
    """A number as a German program prints it."""
    return f"{value:.{digits}f}".replace(".", ",")


TABLES = {
    "semicolon": ("epoch;train_loss;val_loss", "{e};{t};{v}"),
    "tab": ("epoch\ttrain_loss\tval_loss", "{e}\t{t}\t{v}"),
    "quoted": ("epoch,train_loss,val_loss", '"{e}","{t}","{v}"'),
    "bars": ("| epoch | train_loss | val_loss |", "| {e} | {t} | {v} |"),
    "words": ("begin", "Epoch {e}: train loss {t} val loss {v}"),
    "commas": ("begin", "Epoch {e}: train loss {t}, val loss {v}"),
    "signs": ("begin", "12:30:0{e},123 epoch={e} train_loss={t} val_loss={v}"),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("digits", [2, 3, 5])
def test_decimal_commas_are_read(kind: str, digits: int) -> None:
    """All forms give the same values, and these are sound."""
    first, line = TABLES[kind]
    rows = [line.format(e=e, t=comma(t, digits), v=comma(t + 0.1, digits)) for e, t in enumerate(VALUES)]
    text = "\n".join([first, *rows])
    series = read_text(text).series
    assert list(series["train_loss"].values) == [round(t, digits) for t in VALUES]
    assert list(series["val_loss"].values) == pytest.approx([t + 0.1 for t in VALUES], abs=0.6 * 10**-digits)
    assert not diagnose_text(text).findings


@pytest.mark.parametrize("kind", TABLES)
def test_a_constant_loss_behind_commas_is_still_named(kind: str) -> None:
    """0,69315 in every line is a constant loss."""
    first, line = TABLES[kind]
    text = "\n".join([first, *(line.format(e=e, t="0,69315", v=comma(1 / (2 + e))) for e in range(8))])
    assert "RT204" in {f.rule.code for f in diagnose_text(text).findings}


@pytest.mark.parametrize("tail", ["lr 0.001", "time 1.25", "size 0.5", "lr 1.0e-03"])
def test_a_number_that_begins_with_zero_is_a_decimal_beside_a_point_too(tail: str) -> None:
    """`loss 0,750 lr 0.001` is a loss of 0.75, and one of 3,180 in the same file is none of three thousand."""
    text = "\n".join(
        f"Epoch {e}: loss {comma(0.9 - 0.1 * e)} val loss {comma(3.18 - 0.1 * e)} {tail}" for e in range(8)
    )
    series = read_text(text).series
    assert list(series["loss"].values) == pytest.approx([0.9 - 0.1 * e for e in range(8)])
    assert list(series["val_loss"].values) == pytest.approx([3.18 - 0.1 * e for e in range(8)])
    assert not diagnose_text(text).findings


def test_half_a_number_is_not_judged_where_a_line_mixes_both() -> None:
    """`size 3,64 acc 0.5` may be a list, and is no loss of 3."""
    text = "\n".join(f"Epoch {e}: loss {9 - e},64 acc 0.{50 + e}" for e in range(8))
    assert "loss" not in read_text(text).series


def test_thousands_apart_beside_a_point_are_whole_numbers() -> None:
    """1,200 falls to 910 beside decimals with points: no jump from 1 to 990."""
    text = "\n".join(f"step {i} | loss {1200 - 10 * i:,} | acc 0.{50 + i}" for i in range(30))
    assert list(read_text(text).series["loss"].values) == [1200 - 10 * i for i in range(30)]
    assert not diagnose_text(text).findings


def test_whole_numbers_with_their_thousands_apart_are_not_decimals() -> None:
    """1,200 falls to 900: not from 1.2 to 900."""
    text = "\n".join(f"Epoch {e}: loss {1200 - 50 * e:,}" for e in range(12))
    assert not diagnose_text(text).findings


@pytest.mark.parametrize("line", ["sizes [1,2] betas (0,9)", "12:30:01,123 done", "a,1,2,3", "1,2"])
def test_lists_and_times_stay_as_they_are(line: str) -> None:
    """Commas of lists and clocks are none of a decimal."""
    assert Commas().read(line) == line
