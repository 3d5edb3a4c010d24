"""Does any changed file make a reader fail with a foreign exception, hang, or take memory? Counted, reader by reader.

Run: python benchmarks/fuzz --inputs 20000 [--readers scene,journal] [--seed 0] [--kept build/fuzz]

Each input is a good file with random changes of its bytes (flips, cuts, insertions, repetitions, interesting numbers)
or of its structure (values replaced by hostile ones, keys lost and doubled); most changed documents are sealed anew,
so that what lies behind the digest is reached too. Inputs that fail a reader are kept, a folder a reader.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import torch
from changing import changed_bytes
from making import make_all
from reader import Reader, hang, outcome
from readers import READERS

MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one."""


@dataclass
class Told:
    """What came of the inputs of a reader."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    seconds: float = 0.0
    memory: int = 0

    @property
    def foreign(self) -> int:
        """Inputs that ended in a foreign exception or a hang."""
        return sum(count for kind, count in self.counts.items() if kind.startswith("FOREIGN"))


def fuzz(reader: Reader, inputs: int, seed: int, folder: Path, kept: Path) -> Told:
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


def show(reader: Reader, inputs: int, told: Told) -> None:
    """Print a line, and one for each kind of foreign exception."""
    each = 1e6 * told.seconds / inputs
    print(
        f"| {reader.name} | {inputs} | {told.counts['refused']} | {told.counts['accepted']} | {told.foreign} | "
        f"{told.slowest:.2f} s | {told.memory} MB | {each:.0f} µs |", flush=True,
    )  # fmt: skip
    for kind, count in told.counts.items():
        if kind.startswith("FOREIGN"):
            print(f"  {count} x {kind}")


def main() -> None:
    """Fuzz the readers, one line each.

    Raises:
        SystemExit: with 1 where an exception was foreign.
    """
    parser = argparse.ArgumentParser(description="Changed files, reader by reader.")
    parser.add_argument("--inputs", type=int, default=10_000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", default=",".join(READERS), help="by comma")
    parser.add_argument("--kept", type=Path, default=Path("build/fuzz"), help="where inputs that fail are kept")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, hang)
    foreign = 0
    place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        made(place)
        print("Seconds are of the processor; memory is what reading takes beyond the program itself.")
        print("| reader | n | refused | accepted | foreign exceptions | slowest | memory | an input |")
        print("|---|---|---|---|---|---|---|---|")
        for name in given.readers.split(","):
            told = fuzz(READERS[name], given.inputs, given.seed, place, given.kept)
            show(READERS[name], given.inputs, told)
            foreign += told.foreign
    finally:
        shutil.rmtree(place, ignore_errors=True)
    raise SystemExit(int(foreign > 0))


if __name__ == "__main__":
    main()
