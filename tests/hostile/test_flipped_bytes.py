"""Is a changed byte noticed, anywhere, in each kind of file that a command writes and another one reads?"""

import random
import warnings
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from readers import READERS
from trainlint.errors import ExplainedError

PLACES = 120
VOUCHED = [name for name, reader in READERS.items() if reader.vouched]


def same(one: Any, two: Any) -> bool:
    """Whether two readings say the same; NaN is NaN."""
    if isinstance(one, torch.Tensor):
        return torch.equal(torch.nan_to_num(one), torch.nan_to_num(two))
    if is_dataclass(one):
        return type(one) is type(two) and same(vars(one), vars(two))
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    return repr(one) == repr(two)


def accepted(name: str, made: Path, places: list[int], flip: int) -> list[int]:
    """Places at which a flipped byte is read as something else without a word."""
    reader = READERS[name]
    path = made / reader.file
    good, wrong = path.read_bytes(), []
    whole = reader.read(path)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for at in places:
            changed = bytearray(good)
            changed[at] ^= flip
            path.write_bytes(changed)
            try:
                found = reader.read(path)
            except ExplainedError as error:
                assert "Next: " in str(error)
                continue
            if not heard and not same(whole, found):
                wrong.append(at)
            heard.clear()
    path.write_bytes(good)
    return wrong


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
