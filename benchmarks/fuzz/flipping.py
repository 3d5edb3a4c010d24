"""Is a changed byte noticed, in each kind of file that a command writes and another one reads?

Run: python benchmarks/fuzz/flipping.py --every 37 [--readers scene,journal]

A byte is flipped by four patterns, and the file read: it is refused, or warned of, or says what it said.
"""

import argparse
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from making import make_all
from readers import READERS
from trainlint.errors import ExplainedError

PATTERNS = (0x01, 0x10, 0x80, 0xFF)
VOUCHED = [name for name, reader in READERS.items() if reader.vouched]


def contents(value: Any) -> object:  # noqa: ANN401
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
    """A content with one byte changed by a pattern."""
    changed = bytearray(good)
    changed[at] ^= flip
    return bytes(changed)


def silent(read: Callable[[Path], object], path: Path, whole: object, content: bytes) -> bool:
    """Whether a content is read as something else than the whole one, neither refused nor warned of.

    Raises:
        AssertionError: it is refused without a next move.
    """
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            found = read(path)
        except ExplainedError as error:
            if "Next: " not in str(error):
                raise AssertionError(f"a refusal without a next move: {error}") from error
            return False
    return not heard and contents(found) != whole


def main() -> None:
    """Count the bytes that are read as something else without a word, a line a kind.

    Raises:
        SystemExit: with 1 where there was one.
    """
    parser = argparse.ArgumentParser(description="Flipped bytes, kind by kind.")
    parser.add_argument("--every", type=int, default=37, help="of how many bytes one is flipped")
    parser.add_argument("--readers", default=",".join(VOUCHED), help="by comma")
    given = parser.parse_args()
    torch.set_num_threads(1)
    total = 0
    with tempfile.TemporaryDirectory() as place:
        make_all(Path(place))
        print("| reader | bytes of the file | flipped, by four patterns | read as something else |\n|---|---|---|---|")
        for name in given.readers.split(","):
            size = (Path(place) / READERS[name].file).stat().st_size
            places = list(range(0, size, given.every))
            wrong = [(at, flip) for flip in PATTERNS for at in accepted(name, Path(place), places, flip)]
            print(f"| {name} | {size} | {len(PATTERNS) * len(places)} | {len(wrong)} |", *wrong[:5], flush=True)
            total += len(wrong)
    raise SystemExit(int(total > 0))


if __name__ == "__main__":
    main()
