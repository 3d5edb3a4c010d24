"""Is a changed byte noticed, anywhere, in each kind of file that a command writes and another one reads?"""

import random
import warnings
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from readers import READERS
from trainlint.errors import ExplainedError

PLACES = 120
VOUCHED = [name for name, reader in READERS.items() if reader.vouched]


def contents(value: Any) -> Any:
    """All that a reading says, as tuples, texts and bytes that `==` compares; NaN is NaN, and -0 is not 0.

    Raises:
        TypeError: a value of which only its place in memory is known.
    """
    if isinstance(value, torch.Tensor):
        return contents(value.detach().cpu().resolve_conj().numpy())
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, pa.Table):
        return value.schema.to_string(), repr(sorted((value.schema.metadata or {}).items())), repr(value.to_pylist())
    if isinstance(value, torch.nn.Module):
        return type(value), contents(value.state_dict())
    if isinstance(value, dict):
        return "dict", *((contents(key), contents(held)) for key, held in value.items())
    if isinstance(value, list | tuple):
        return type(value), *map(contents, value)
    if hasattr(value, "__dict__") and not isinstance(value, type | FunctionType):
        return type(value), contents(vars(value))
    if " at 0x" in repr(value) and not isinstance(value, FunctionType):
        raise TypeError(f"nothing is known of {value!r}")
    return type(value), repr(value)


def accepted(name: str, made: Path, places: list[int], flip: int) -> list[int]:
    """Places at which a flipped byte is read as something else without a word."""
    reader = READERS[name]
    path = made / reader.file
    good = path.read_bytes()
    whole = contents(reader.read(path))
    try:
        return [at for at in places if silent(reader.read, path, whole, flipped(good, at, flip))]
    finally:
        path.write_bytes(good)


def flipped(good: bytes, at: int, flip: int) -> bytes:
    changed = bytearray(good)
    changed[at] ^= flip
    return bytes(changed)


def silent(read: Any, path: Path, whole: Any, content: bytes) -> bool:
    """Whether a content is read as something else than the whole one, neither refused nor warned of."""
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            found = read(path)
        except ExplainedError as error:
            assert "Next: " in str(error)
            return False
    return not heard and contents(found) != whole


@pytest.mark.parametrize("name", VOUCHED)
def test_a_flipped_byte_is_noticed(name: str, made: Path) -> None:
    size = (made / READERS[name].file).stat().st_size
    places = random.Random(name).sample(range(size), min(size, PLACES))
    assert not accepted(name, made, places, 0x10)


@pytest.mark.stress
@pytest.mark.parametrize("flip", [0x01, 0x10, 0x80, 0xFF])
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
