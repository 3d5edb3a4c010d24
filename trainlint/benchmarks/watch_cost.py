"""What does a watch cost? Time of steps without and with it, in turns in processes of their own; memory of tensors."""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainlint import Watch

Built = tuple[nn.Module, Tensor]


def large() -> Built:
    """A perceptron of 21 million parameters, batch of 128."""
    width = 2048
    layers = [m for _ in range(5) for m in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(width, 1)), torch.randn(128, width)


class Attention(nn.Module):
    """A transformer encoder over tokens.

    Args:
        width: of a token.
        layers: encoder layers.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True)
        self.embed, self.head = nn.Linear(32, width), nn.Linear(width, 1)
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, token, 32) -> (batch, 1)."""
        return self.head(self.body(self.embed(x)).mean(dim=1))


def small() -> Built:
    """A transformer of 71 thousand parameters, batch of 64 with 16 tokens."""
    return Attention(64, 2), torch.randn(64, 16, 32)


def tiny() -> Built:
    """A transformer of 19 thousand parameters over complex channels as real pairs, batch of 32 with 64 tokens."""
    return Attention(32, 2), torch.randn(32, 64, 32)


MODELS = {"large": large, "small": small, "tiny": tiny}


def stepper(build: Callable[[], Built], watched: bool, preset: str = "light") -> Callable[[], None]:
    """One training step, with or without a watch, the loss handed over.

    Args:
        build: makes model and input.
        watched: True adds the watch.
        preset: of the watch.
    """
    torch.manual_seed(0)
    model, x = build()
    y = torch.randn(x.shape[0], 1)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-5)
    watch = Watch(model, optimizer, raises=False, preset=preset) if watched else None

    def step() -> None:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        (loss if watch is None else watch.loss(loss)).backward()
        optimizer.step()

    return step


def seconds(step: Callable[[], None]) -> float:
    """Processor time of one step: on a CPU it does the work, and other processes on the machine do not count."""
    start = time.process_time()
    step()
    return time.process_time() - start


def work(name: str, watched: bool, threads: int, pipe: Connection) -> None:
    """Take one step whenever asked, and answer with its seconds; a false question ends it.

    Args:
        name: of the model.
        watched: with a watch.
        threads: of torch.
        pipe: asks and is answered.
    """
    torch.set_num_threads(threads)
    step = stepper(MODELS[name], watched)
    while pipe.recv():
        pipe.send(seconds(step))


def compare(name: str, steps: int, threads: int) -> list[list[float]]:
    """Seconds of each step of two bare loops and a watched one, in turns.

    A watch hears every optimiser of its process, so that each loop has a process of its own.

    Args:
        name: of the model.
        steps: of each loop, after three to warm up.
        threads: of torch.
    """
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(3)]
    workers = [
        context.Process(target=work, args=(name, watched, threads, pipe))
        for watched, (_, pipe) in zip((False, False, True), pipes, strict=True)
    ]
    for worker in workers:
        worker.start()
    times: list[list[float]] = [[], [], []]
    for turn in range(steps + 3):
        for which in ((turn + k) % 3 for k in range(3)):
            pipes[which][0].send(True)
            times[which].append(pipes[which][0].recv())
    for pipe, _ in pipes:
        pipe.send(False)
    for worker in workers:
        worker.join()
    return [each[3:] for each in times]


def interval(watched: Sequence[float], bare: Sequence[float], draws: int = 400) -> tuple[float, float, float]:
    """Ratio of means minus 1, with the 95 % interval of a bootstrap over the steps; the slowest 2 % are left out.

    Args:
        watched: seconds.
        bare: seconds.
        draws: of the bootstrap.
    """
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.tensor(sorted(each)[: max(1, int(0.98 * len(each)))]) for each in (watched, bare))
    picks = [torch.randint(len(t), (draws, len(t)), generator=generator) for t in (a, b)]
    ratios = (a[picks[0]].mean(dim=1) / b[picks[1]].mean(dim=1) - 1).sort()[0]
    return float(a.mean() / b.mean() - 1), float(ratios[int(0.025 * draws)]), float(ratios[int(0.975 * draws)])


def peak_bytes(build: Callable[[], Built], watched: bool) -> int:
    """Most bytes that tensors take at once in the first three updates, all of which a watch measures.

    Args:
        build: makes model and input.
        watched: True adds the watch.
    """
    # From the start, since the release of a tensor made before the profile is not counted.
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        step = stepper(build, watched)
        for _ in range(3):
            step()
    results: Any = profile.profiler.kineto_results  # pyright: ignore[reportOptionalMemberAccess]
    events = sorted((e for e in results.events() if e.name() == "[memory]"), key=lambda e: e.start_ns())
    return max(accumulate(e.nbytes() for e in events))


def row(name: str, steps: int, threads: int) -> str:
    """What the watch costs on one model, as text.

    Args:
        name: of the model.
        steps: of each loop.
        threads: of torch.
    """
    bare, second, watched = compare(name, steps, threads)
    median = statistics.median(bare)
    typical = statistics.median(watched) / median - 1
    mean, low, high = interval(watched, bare)
    noise = interval(second, bare)
    plain = peak_bytes(MODELS[name], False)
    added = peak_bytes(MODELS[name], True) - plain
    told = (
        f"{name}: {median * 1e3:.2f} ms a step (n = {steps})",
        f"watch {typical:+.2%} in the median, {mean:+.2%} in the mean (95 % interval {low:+.2%} to {high:+.2%})",
        f"a second bare loop {noise[0]:+.2%} ({noise[1]:+.2%} to {noise[2]:+.2%})",
        f"peak memory {added / 1e6:+.3f} MB, {added / plain:+.2%}",
    )
    return "; ".join(told)


def main() -> None:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.models:
        print(row(name, arguments.steps if name == "large" else 3 * arguments.steps, arguments.threads))


if __name__ == "__main__":
    main()
