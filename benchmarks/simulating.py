"""How many more scenes per second do two processes simulate than one, and what can these cores do together at all?

Run: python benchmarks/simulating.py [--scenes 1000] [--rounds 5] [--shards 50 250]

Each round goes every way once, by turns, so that a busy machine slows all of them. All processes run before the first
round, so that no start is timed. One process writes all shards; two workers of Dask share them, in small shards or in
larger ones; a pool of two processes without Dask shares them; one process takes two threads; and two unrelated ones
write half of the scenes each: the most that two processes can do on these cores. Shards of equal size are compared byte
by byte.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import torch

from ris_pytorch_pipeline.data import ShardPlan, write_shards
from ris_pytorch_pipeline.experiment import Experiment
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.tasks.carrying import Done, Executor, Here, attempted
from ris_pytorch_pipeline.tasks.cluster import connected


class Pool:
    """An engine without Dask: processes that take one task after another.

    Args:
        pool: of processes.
    """

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def carry_out(self, work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Done[Any]]:
        """The outcome of each task, in their order."""
        started = [self._pool.submit(attempted, work, number, task) for number, task in enumerate(tasks)]
        return (each.result() for each in started)


def one_thread(threads: int = 1) -> None:
    """Let this process compute in so many threads."""
    torch.set_num_threads(threads)


def plan(scenes: int, per_shard: int) -> ShardPlan:
    """What is written."""
    scenario = preset("random", horizontal=16, vertical=16, antennas=8, snapshots=16, sources=3, snr_db=10.0)
    config = Experiment(scenario=scenario).to_plain()["scenario"]
    return ShardPlan(scenario=scenario, config=config, seed=0, splits={"train": scenes}, batch=50, per_shard=per_shard)


def written(folder: str, scenes: int, per_shard: int, executor: Executor | None = None, threads: int = 1) -> str:
    """Write shards; returns the digest of all of them."""
    one_thread(threads)
    place = Path(folder)
    write_shards(place, plan(scenes, per_shard), executor=Here() if executor is None else executor)
    one_thread()
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(place.glob("*.safetensors")))).hexdigest()


def ways(stack: ExitStack, scenes: int, small: int, large: int) -> dict[str, Callable[[Path], list[str]]]:
    """Every way, by name, with shards of so many scenes; what it does ends in the digests of what it wrote."""
    start = get_context("spawn")
    pool = stack.enter_context(ProcessPoolExecutor(2, mp_context=start, initializer=one_thread))
    dask = stack.enter_context(connected("2", one_thread))

    def apart(places: list[Path], *more: Any) -> list[str]:  # noqa: ANN401
        started = [pool.submit(written, str(place), scenes // len(places), small, *more) for place in places]
        return [each.result() for each in started]

    return {
        "one process": lambda place: apart([place / "a"]),
        "two workers of Dask": lambda place: [written(str(place / "b"), scenes, small, dask)],
        "two workers of Dask, larger shards": lambda place: [written(str(place / "c"), scenes, large, dask)],
        "two processes without Dask": lambda place: [written(str(place / "d"), scenes, small, Pool(pool))],
        "one process of two threads": lambda place: apart([place / "e"], None, 2),
        "two unrelated processes": lambda place: apart([place / "f", place / "g"]),
    }


def main() -> None:
    """Print each round, and the median ratios.

    Raises:
        SystemExit: two ways come to other bytes.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shards", type=int, nargs=2, default=(50, 250), help="scenes: multiples of 50")
    given = parser.parse_args()
    found: dict[str, list[float]] = {}
    with ExitStack() as stack:
        all_ways = ways(stack, given.scenes, *given.shards)
        for number in range(-1, given.rounds):  # the first one warms up
            took, digests = dict[str, float](), set[str]()
            for name, way in all_ways.items():
                with tempfile.TemporaryDirectory() as place:
                    begin = time.perf_counter()
                    told = way(Path(place))
                    took[name] = time.perf_counter() - begin
                digests |= set(told) if len(told) == 1 and "larger" not in name else set()
            if len(digests) > 1:
                raise SystemExit("shards of one way differ from those of another")
            if number < 0:
                continue
            for name, each in took.items():
                found.setdefault(name, []).append(took["one process"] / each)
            rates = "; ".join(f"{name} {given.scenes / each:.0f}" for name, each in took.items())
            print(f"round {number + 1}, scenes/s: {rates}", flush=True)
    print(f"\n| {given.scenes} scenes by | times one process, n = {given.rounds} | from | to |\n|---|---|---|---|")
    for name, ratios in found.items():
        print(f"| {name} | {median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} |")


if __name__ == "__main__":
    main()
