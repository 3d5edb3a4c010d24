"""A line that is read by the pattern of its shape gives what it gives when it is read alone."""

from collections.abc import Callable
from random import Random

import pytest

from trainlint.after.reading import log as shape
from trainlint.after.reading.reader import Reader

NUMBERS = ("{:.4f}", "{:.0f}", "{:.3e}", "{:.1f}", "{!r}")


def number(draw: Random) -> str:
    if draw.random() < 0.03:
        return draw.choice(("nan", "inf", "-inf", "NaN", "0", "0.0000", "-nan", "tensor(0.5)", "3.", "1e5", "-.5"))
    return draw.choice(NUMBERS).format(draw.choice((1, -1)) * draw.expovariate(1))


def one_shape(i: int, draw: Random) -> str:
    return f"step {i} | loss {number(draw)} | lr {number(draw)} | 12.3 it/s"


def with_times(i: int, draw: Random) -> str:
    return (
        f"2024-05-01 12:{i % 60:02d}:11,{i % 900} epoch {i // 50} [{i % 50}/50] loss: {number(draw)} acc={number(draw)}"
    )


def interleaved(i: int, draw: Random) -> str:
    if i % 7 == 6:
        return f"Validation: loss {number(draw)}"
    return (
        f"Epoch {i // 70}/9 step {i}: loss {number(draw)}" if i % 2 else f"lr: {number(draw)} grad_norm: {number(draw)}"
    )


def table(i: int, draw: Random) -> str:
    blank = "" if draw.random() < 0.5 else number(draw)
    return f"{i // 90},{i},{number(draw)},{blank}" if i else "epoch,step,train_loss,val_loss"


def json_lines(i: int, draw: Random) -> str:
    held_out = "null" if i % 9 else number(draw)
    return f'{{"epoch": {i // 100}, "step": {i}, "train/loss": {number(draw)}, "val": {{"loss": {held_out}}}}}'


def numbers_that_join(i: int, draw: Random) -> str:
    return f"{i % 12}:{draw.randrange(1, 70)} {i},{number(draw)} v1.{i} loss={number(draw)} {i}.{i} 5-{i}"


def steps_that_restart(i: int, draw: Random) -> str:
    return f"epoch {i // 30} step {i % 30 if i % 100 else 99} loss {number(draw)}"


def read(lines: list[str]) -> dict[str, tuple[list[str], ...]]:
    reader = Reader()
    for line in lines:
        reader.line(line)
    return {
        key: (*([repr(v) for v in column] for column in (s.values, s.epochs, s.steps, s.parts)), [str(s.decimals)])
        for key, s in reader.log.series.items()
    }


FORMS = (one_shape, with_times, interleaved, table, json_lines, numbers_that_join, steps_that_restart)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_pattern_reads_what_the_slow_way_reads(form: Callable[[int, Random], str], monkeypatch):
    draw = Random(5)
    lines = [form(i, draw) for i in range(900)]
    monkeypatch.setattr(shape, "BLOCK", 50)
    quick = read(lines)
    monkeypatch.setattr(shape, "OFTEN", 10**9)
    assert quick == read(lines)
    assert quick


def test_most_lines_of_a_plain_log_are_read_by_their_pattern(monkeypatch):
    held: list[object] = []
    monkeypatch.setattr(shape.Block, "hold", lambda self, *told: held.append(told))
    read([f"step {i} | loss {1 / (i + 1):.4f} | lr 1e-4 | 12.3 it/s" for i in range(500)])
    assert len(held) > 450
