"""Is a changed byte noticed, anywhere, in each kind of file that a command writes and another one reads?"""

import random
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from flipping import PATTERNS, VOUCHED, accepted, contents, silent
from readers import READERS
from trainlint.errors import ExplainedError

PLACES = 120


@pytest.mark.parametrize("name", VOUCHED)
def test_a_flipped_byte_is_noticed(name: str, made: Path) -> None:
    size = (made / READERS[name].file).stat().st_size
    places = random.Random(name).sample(range(size), min(size, PLACES))
    assert not accepted(name, made, places, 0x10)


@pytest.mark.stress
@pytest.mark.parametrize("flip", PATTERNS)
@pytest.mark.parametrize("name", VOUCHED)
def test_every_flipped_byte_is_noticed(name: str, flip: int, made: Path) -> None:
    size = (made / READERS[name].file).stat().st_size
    assert not accepted(name, made, list(range(size)), flip)


@pytest.mark.parametrize("name", VOUCHED)
def test_two_readings_of_one_file_say_the_same(name: str, made: Path) -> None:
    path = made / READERS[name].file
    assert contents(READERS[name].read(path)) == contents(READERS[name].read(path))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.tensor([float("nan")]), torch.tensor([0.0])),
        (torch.tensor([0.0]), torch.tensor([-0.0])),
        (torch.zeros(2), torch.zeros(2, 1)),
        (pa.table({"a": [*range(100)]}), pa.table({"a": [*range(50), -1, *range(51, 100)]})),
        (torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)),
        ({"a": 1}, {"a": 1.0}),
        ([True], [1]),
    ],
)
def test_what_differs_is_told_apart(one: Any, other: Any) -> None:
    assert contents(one) == contents(one)
    assert contents(one) != contents(other)


def test_a_warning_about_one_byte_does_not_hide_the_next(tmp_path: Path) -> None:
    def read(path: Path) -> bytes:
        if path.read_bytes() == b"b":
            warnings.warn("changed", stacklevel=1)
            raise ExplainedError("a", "b", "damage", "copy it")
        return path.read_bytes()

    told = [silent(read, tmp_path / "a", contents(b"a"), content) for content in (b"b", b"c")]
    assert told == [False, True]
