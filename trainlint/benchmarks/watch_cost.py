"""What does a watch cost? Time of steps without and with it, in turns in processes of their own; memory of tensors.

python benchmarks/watch_cost.py [--steps 150] [--models large transformer tiny perceptron] [--out kept/watch_cost.md]
"""

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from cost_models import MODELS
from torch import Tensor

from trainlint import Watch

WARM = 3
"""Steps that are not counted: torch makes its memory in them, and all of them are measured ones."""

KEPT = {"MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_MMAP_THRESHOLD_": str(1 << 40)}
"""How glibc keeps freed memory in every process, with a watch and without.

Otherwise it gives pages back between steps or not by the order of blocks on its heap: two processes with the same loop
of 21 million parameters took 12 000 and 57 000 page faults a step, which is a fifth of their time."""


def stepper(name: str, watched: bool, preset: str = "light") -> Callable[[], None]:
    """One training step, with or without a watch.

    Args:
        name: of the training.
        watched: True adds the watch, and hands the loss over.
        preset: of the watch.
    """
    torch.manual_seed(0)
    training = MODELS[name]()
    if not watched:
        return lambda: training.step(_back)
    watch = Watch(training.model, training.optimizer, raises=False, preset=preset)
    return lambda: training.step(lambda loss, terms: watch.loss(loss, terms=terms))


def _back(loss: Tensor, _: object) -> Tensor:
    return loss


def seconds(step: Callable[[], None]) -> float:
    """Processor time of one step: on a CPU it does the work, and other processes on the machine do not count."""
    start = time.process_time()
    step()
    return time.process_time() - start


def work(name: str, watched: bool, threads: int, pipe: Connection) -> None:
    """Take one step whenever asked, and answer with its seconds; a false question ends it.

    Args:
        name: of the training.
        watched: with a watch.
        threads: of torch.
        pipe: asks and is answered.
    """
    torch.set_num_threads(threads)
    step = stepper(name, watched)
    while pipe.recv():
        pipe.send(seconds(step))


def compare(name: str, steps: int, threads: int) -> list[list[float]]:
    """Seconds of each step of two bare loops and a watched one, in turns.

    A watch hears every optimiser of its process, so that each loop has a process of its own.

    Args:
        name: of the training.
        steps: of each loop, after those to warm up.
        threads: of torch.
    """
    os.environ.update(KEPT)
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(3)]
    workers = [
        context.Process(target=work, args=(name, watched, threads, pipe))
        for watched, (_, pipe) in zip((False, False, True), pipes, strict=True)
    ]
    for worker in workers:
        worker.start()
    times: list[list[float]] = [[], [], []]
    for turn in range(steps + WARM):
        for which in ((turn + k) % 3 for k in range(3)):
            pipes[which][0].send(True)
            times[which].append(pipes[which][0].recv())
    for pipe, _ in pipes:
        pipe.send(False)
    for worker in workers:
        worker.join()
    return [each[WARM:] for each in times]


def interval(watched: Sequence[float], bare: Sequence[float], draws: int = 1000) -> tuple[float, float, float]:
    """Ratio of means minus 1, with the 95 % interval of a bootstrap over the turns.

    Steps of one turn are drawn together: what slows the machine slows them alike. None is left out, since the dear
    looks are among the slowest.

    Args:
        watched: seconds, turn by turn.
        bare: seconds in the same turns.
        draws: of the bootstrap.
    """
    generator = torch.Generator().manual_seed(0)
    a, b = torch.tensor(watched), torch.tensor(bare)
    picks = torch.randint(len(a), (draws, len(a)), generator=generator)
    ratios = (a[picks].mean(dim=1) / b[picks].mean(dim=1) - 1).sort()[0]
    return float(a.mean() / b.mean() - 1), float(ratios[int(0.025 * draws)]), float(ratios[int(0.975 * draws)])


def peak_bytes(name: str, watched: bool) -> int:
    """Most bytes that tensors take at once in the first three updates, all of which a watch measures.

    Args:
        name: of the training.
        watched: True adds the watch.
    """
    # From the start, since the release of a tensor made before the profile is not counted.
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        step = stepper(name, watched)
        for _ in range(WARM):
            step()
    results: Any = profile.profiler.kineto_results  # pyright: ignore[reportOptionalMemberAccess]
    events = sorted((e for e in results.events() if e.name() == "[memory]"), key=lambda e: e.start_ns())
    return max(accumulate(e.nbytes() for e in events))


def row(name: str, steps: int, threads: int) -> str:
    """What the watch costs on one training, as a row of a table.

    Args:
        name: of the training.
        steps: of each loop.
        threads: of torch.
    """
    bare, second, watched = compare(name, steps, threads)
    both = [(a + b) / 2 for a, b in zip(bare, second, strict=True)]
    mean, low, high = interval(watched, both)
    noise = interval(second, bare)
    typical = statistics.median(w / b for w, b in zip(watched, both, strict=True)) - 1
    plain = peak_bytes(name, False)
    added = peak_bytes(name, True) / plain - 1
    told = (MODELS[name].__doc__ or name).splitlines()[0].rstrip(".")
    return (
        f"| {told} | {statistics.median(both) * 1e3:.1f} ms | {steps} | {mean:+.1%} [{low:+.1%}, {high:+.1%}] | "
        f"{typical:+.1%} | {noise[0]:+.1%} [{noise[1]:+.1%}, {noise[2]:+.1%}] | {added:+.2%} |"
    )


def table(names: Sequence[str], steps: int, threads: int) -> str:
    """A row for each training, under a head.

    Args:
        names: of the trainings.
        steps: of each loop.
        threads: of torch.
    """
    heads = (
        "training", "a step", "steps", "preset `light`, in the mean", "in the median", "a second loop without",
        "peak of tensors",
    )  # fmt: skip
    rows = [row(name, steps, threads) for name in names]
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *rows])


def main() -> None:
    """Print the table, and keep it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--out", type=Path, help="a file for the table, such as benchmarks/kept/watch_cost.md")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    told = table(arguments.models, arguments.steps, arguments.threads)
    print(told)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
