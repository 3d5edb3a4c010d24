"""Does any changed file make a reader fail with a foreign exception, hang, or take memory? Counted, reader by reader.

Run: python benchmarks/fuzz --inputs 20000 [--readers scene,journal] [--seed 0] [--kept build/fuzz]
     python benchmarks/fuzz --inputs 1000000 --seed 1129 --tally results/fuzz.jsonl --seconds 3600 goes on

Each input is a good file with random changes of its bytes (flips, cuts, insertions, repetitions, interesting numbers)
or of its structure (values replaced by hostile ones, keys lost and doubled); most changed documents are sealed anew,
so that what lies behind the digest is reached too. Inputs that fail a reader are kept, a folder a reader.
With a tally the readers take turns, so that each has had the same seconds when the time is over.
"""

import argparse
import hashlib
import os
import random
import shutil
import tempfile
import time
import warnings
from pathlib import Path

import torch
from changing import changed_bytes
from making import make_all
from reader import Reader, outcome
from readers import READERS
from tally import Tally, Told

from ris_pytorch_pipeline.train.files.source import commit

MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one."""
PIECE = 10_000
"""Inputs of a reader between two lines of a tally."""


def fuzz(reader: Reader, inputs: int, seed: str, folder: Path, kept: Path) -> Told:
    """What comes of the inputs of a reader.

    Raises:
        SystemExit: the unchanged file is not accepted.
    """
    path = folder / reader.file
    good, draw, told = path.read_bytes(), random.Random(f"{reader.name}/{seed}"), Told()
    if outcome(reader.read, path) != "accepted" and reader.name != "lock":
        raise SystemExit(f"{reader.name}: the unchanged file ends otherwise")
    begin, before = time.process_time(), most_memory(again=True)
    for _ in range(inputs):
        content = changed_bytes(good, draw) if draw.random() < 0.5 else reader.change(good, draw)
        path.write_bytes(content)
        start = time.process_time()
        ended = outcome(reader.read, path)
        told.slowest = max(told.slowest, time.process_time() - start)
        kind = ended.partition(": ")[0]
        if kind.startswith("FOREIGN") and not told.counts[kind]:
            keep(kept / reader.folder, content)
            print(f"  {reader.name}: {ended}", flush=True)
        told.counts[kind] += 1
    told.seconds, told.memory = time.process_time() - begin, most_memory() - before
    path.write_bytes(good)
    return told


def most_memory(*, again: bool = False) -> int:
    """Megabytes that this process had at most, since the last call with `again`."""
    told = Path("/proc/self/status").read_text()
    if again:
        Path("/proc/self/clear_refs").write_text("5")
        told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) // 1000


def made(place: Path) -> None:
    """Make the files in a process of its own, so that what making takes is not counted.

    Raises:
        SystemExit: it fails.
    """
    if not (number := os.fork()):
        make_all(place)
        os._exit(0)
    if os.waitpid(number, 0)[1]:
        raise SystemExit("the files cannot be made")


def keep(folder: Path, content: bytes) -> None:
    """Keep an input."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(content).hexdigest()[:12]).write_bytes(content)


def fuzz_all(readers: list[Reader], tally: Tally, given: argparse.Namespace, folder: Path) -> None:
    """Fuzz the reader that had the fewest seconds, until all have their inputs or the time is over."""
    piece = given.inputs if given.tally is None else min(PIECE, given.inputs)
    end = time.monotonic() + given.seconds
    while left := [reader for reader in readers if tally.of(reader.name).inputs < given.inputs]:
        if time.monotonic() >= end:
            return
        reader = left[0] if given.tally is None else min(left, key=lambda each: tally.of(each.name).seconds)
        number = tally.pieces(reader.name)
        seed = f"{given.seed}/{number}" if number else str(given.seed)
        tally.add(reader.name, fuzz(reader, piece, seed, folder, given.kept))
        if given.tally is None:
            show(reader.name, tally.of(reader.name))


def show(name: str, told: Told) -> None:
    """Print a line, and one for each kind of foreign exception."""
    each = 1e6 * told.seconds / max(told.inputs, 1)
    print(
        f"| {name} | {told.inputs} | {told.counts['refused']} | {told.counts['accepted']} | {told.foreign} | "
        f"{told.slowest:.2f} s | {told.memory} MB | {each:.0f} µs |", flush=True,
    )  # fmt: skip
    for kind, count in told.counts.items():
        if kind.startswith("FOREIGN"):
            print(f"  {count} x {kind}")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Changed files, reader by reader.")
    parser.add_argument("--inputs", type=int, default=10_000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", default=",".join(READERS), help="by comma")
    parser.add_argument("--kept", type=Path, default=Path("build/fuzz"), help="where inputs that fail are kept")
    parser.add_argument("--tally", type=Path, help="file of what is done; the same command goes on from it")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no further piece is begun")
    return parser.parse_args()


def main() -> None:
    """Fuzz the readers, one line each.

    Raises:
        SystemExit: with 1 where an exception was foreign.
    """
    given = arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    names, tally = given.readers.split(","), Tally(given.tally, given.seed, commit() or "no checkout")
    place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        made(place)
        print("Seconds are of the processor; memory is what reading takes beyond the program itself.")
        print("| reader | n | refused | accepted | foreign exceptions | slowest | memory | an input |")
        print("|---|---|---|---|---|---|---|---|")
        fuzz_all([READERS[name] for name in names], tally, given, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for name in names if given.tally else ():
        show(name, tally.of(name))
    raise SystemExit(int(any(tally.of(name).foreign for name in names)))


if __name__ == "__main__":
    main()
