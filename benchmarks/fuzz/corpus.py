"""Which few small inputs reach every place where a reader refuses? Kept in a folder a reader, for the tests.

Run: python benchmarks/fuzz/corpus.py --inputs 2000 [--readers log,lock] [--found build/fuzz]

An input is interesting that ends where none before it ended: in which function, with which kind of exception. It is
cut down as long as it ends there. What stays larger than a few hundred bytes is left out: a changed file that is whole
but for one value is made anew by the tests themselves.
"""

import argparse
import hashlib
import random
import re
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from changing import changed_bytes
from making import make_all
from reader import Hang, Reader, bounded
from readers import READERS

MOST_BYTES, MOST_INPUTS = 400, 12
"""Of an input, and of a reader."""


def ending(reader: Reader, path: Path, content: bytes) -> str:
    """Where reading ends: function and exception, of the deepest cause; `accepted` where none is raised."""
    path.write_bytes(content)
    try:
        with bounded():
            reader.read(path)
    except (Exception, Hang) as error:
        deepest: BaseException = error
        while deepest.__cause__ is not None:
            deepest = deepest.__cause__
        last = traceback.extract_tb(deepest.__traceback__)[-1]
        told = " ".join(re.findall(r"\b[a-z]{3,}\b", str(deepest))[:3])
        kind = f"{type(deepest).__name__}-{hashlib.sha256(told.encode()).hexdigest()[:4]}"
        return f"{Path(last.filename).stem}-{last.name}-{kind}"
    return "accepted"


def smallest(content: bytes, ends_so: Callable[[bytes], bool], tries: int = 300) -> bytes:
    """An input with as much as possible of it cut out, while it ends as it did, in so many tries."""
    piece = max(1, len(content) // 2)
    while True:
        at = 0
        while at < len(content):
            shorter = content[:at] + content[at + piece :]
            tries -= 1
            if tries < 0:
                return content
            if ends_so(shorter):
                content = shorter
            else:
                at += piece
        if piece == 1:
            return content
        piece //= 2


def candidates(reader: Reader, good: bytes, inputs: int, found: Path) -> Iterator[bytes]:
    """Inputs that failed a reader once, and changed ones."""
    kept = sorted((found / reader.folder).glob("*"))
    yield from (path.read_bytes() for path in kept)
    draw = random.Random(f"corpus/{reader.name}")
    for _ in range(inputs):
        yield changed_bytes(good, draw) if draw.random() < 0.7 else reader.change(good, draw)


def interesting(reader: Reader, folder: Path, inputs: int, found: Path) -> dict[str, bytes]:
    """Small inputs of a reader, by where they end."""
    path = folder / reader.file
    good, kept = path.read_bytes(), dict[str, bytes]()
    for content in candidates(reader, good, inputs, found):
        end = ending(reader, path, content)
        if end in kept or len(kept) >= 2 * MOST_INPUTS:
            continue
        kept[end] = smallest(content, lambda shorter, end=end: ending(reader, path, shorter) == end)
    path.write_bytes(good)
    small = sorted((end for end in kept if len(kept[end]) <= MOST_BYTES), key=lambda end: len(kept[end]))
    return {end: kept[end] for end in small[:MOST_INPUTS]}


def main() -> None:
    """Make the corpus of some readers anew."""
    parser = argparse.ArgumentParser(description="Small inputs that reach much.")
    parser.add_argument("--inputs", type=int, default=2000, help="that are looked at, a reader")
    parser.add_argument("--readers", default=",".join(READERS), help="by comma")
    parser.add_argument("--found", type=Path, default=Path("build/fuzz"), help="inputs that failed a reader")
    parser.add_argument("--into", type=Path, default=Path("tests/hostile/corpus"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        make_all(Path(place))
        for name in given.readers.split(","):
            into = given.into / READERS[name].folder
            shutil.rmtree(into, ignore_errors=True)
            into.mkdir(parents=True)
            for end, content in interesting(READERS[name], Path(place), given.inputs, given.found).items():
                (into / re.sub(r"\W+", "-", end)).write_bytes(content)
            sizes = [path.stat().st_size for path in into.iterdir()]
            print(f"{name}: {len(sizes)} inputs, {sum(sizes)} bytes", flush=True)


if __name__ == "__main__":
    main()
