"""What does a watch cost? Time of steps without and with it, in turns in one run; memory of tensors."""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ris_pytorch_pipeline.experiment import presets
from ris_pytorch_pipeline.train import Ledger, Reporter, Trainer
from ris_pytorch_pipeline.train.motion import is_measured
from trainlint import Watch


def large() -> tuple[nn.Module, Tensor]:
    """A perceptron of 21 million parameters, batch of 128."""
    width = 2048
    layers = [m for _ in range(5) for m in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(width, 1)), torch.randn(128, width)


class Attention(nn.Module):
    """A small transformer over tokens, about as large as the smallest network of this package."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
        self.embed, self.head = nn.Linear(32, 64), nn.Linear(64, 1)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, token, 32) -> (batch, 1)."""
        return self.head(self.body(self.embed(x)).mean(dim=1))


def small() -> tuple[nn.Module, Tensor]:
    """A transformer of 71 thousand parameters, batch of 64 with 16 tokens."""
    return Attention(), torch.randn(64, 16, 32)


def stepper(build: Callable[[], tuple[nn.Module, Tensor]], watched: bool) -> Callable[[], None]:
    """One training step, with or without a watch of preset light.

    Args:
        build: makes model and input.
        watched: True adds the watch, with the loss handed over.
    """
    torch.manual_seed(0)
    model, x = build()
    y = torch.randn(x.shape[0], 1)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-5)
    watch = Watch(model, optimizer, raises=False) if watched else None

    def step() -> None:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        (loss if watch is None else watch.loss(loss)).backward()
        optimizer.step()

    return step


def trainer_stepper(watched: bool) -> Callable[[], None]:
    """One update of our Trainer on preset tiny, batch of 32 held scenes, with or without its watch.

    Args:
        watched: True lets the Trainer watch as it does in `fit`.
    """
    plan = replace(presets.tiny.plan, epochs=500, n_train=64, n_val=32, fresh=False)
    trainer = Trainer(replace(presets.tiny, plan=plan), reporter=Reporter(quiet=True))
    trainer._prepare({}, resume=False)
    trainer.ledger, trainer.source = Ledger(None, trainer.identity), trainer.data.train(0)
    watching = trainer.watching.over(
        trainer.experiment, trainer.progress, trainer.scaler, trainer.ledger, trainer.reporter
    )
    if watched:
        watching.__enter__()

    def step(_: object = watching) -> None:  # which lets go when nobody holds it any more
        losses = trainer._backward(range(1))
        measure = is_measured(trainer.progress.updates, trainer.measure_every)
        attempt = trainer.gate.attempt(trainer._rates(), measure=measure, refused=trainer.watching.skipped)
        trainer._account(range(1), losses, attempt)

    return step


def seconds(step: Callable[[], None]) -> float:
    """Processor time of one step: on a CPU it does the work, and other processes on the machine do not count."""
    start = time.process_time()
    step()
    return time.process_time() - start


def compare(make: Callable[[bool], Callable[[], None]], steps: int) -> tuple[float, list[float], list[float]]:
    """Cost of the watch beside the noise of the machine: two bare loops and a watched one, in turns.

    Args:
        make: makes a step, watched or not.
        steps: steps of each loop, after three to warm up.

    Returns:
        Median bare step in seconds, then for the second bare loop and the watched one: ratio of medians minus 1, and
        ratio of means minus 1.
    """
    loops = [make(watched) for watched in (False, False, True)]
    for _ in range(3):
        for step in loops:
            step()
    times: list[list[float]] = [[], [], []]
    for turn in range(steps):
        for which in ((turn + k) % 3 for k in range(3)):
            times[which].append(seconds(loops[which]))
    # A mean over the run holds the measured updates; the slowest 2 % of each loop are the machine's own business.
    keep = max(1, int(0.98 * steps))
    medians = [statistics.median(each) for each in times]
    means = [statistics.fmean(sorted(each)[:keep]) for each in times]
    return medians[0], [m / medians[0] - 1 for m in medians[1:]], [m / means[0] - 1 for m in means[1:]]


def measured_step(build: Callable[[], tuple[nn.Module, Tensor]]) -> float:
    """How many bare steps one measured update costs extra, in seconds.

    Args:
        build: makes model and input.
    """
    torch.manual_seed(0)
    model, x = build()
    y = torch.randn(x.shape[0], 1)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-5)
    watch = Watch(model, optimizer, raises=False, preset="trace")

    def step() -> None:
        optimizer.zero_grad()
        watch.loss(F.mse_loss(model(x), y)).backward()
        optimizer.step()

    for _ in range(3):
        step()
    return statistics.median(seconds(step) for _ in range(10))


def peak_bytes(build: Callable[[], tuple[nn.Module, Tensor]], watched: bool) -> int:
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


def memory(build: Callable[[], tuple[nn.Module, Tensor]]) -> str:
    """What a watch adds to the peak of measured updates, beside the model's own size, as text.

    Args:
        build: makes model and input.
    """
    added = peak_bytes(build, True) - peak_bytes(build, False)
    sizes = [p.numel() * p.element_size() for p in build()[0].parameters()]
    text = f"peak memory {added / 1e6:+.3f} MB ({added / sum(sizes):+.2%} of the weights"
    return f"{text}; the largest tensor is {max(sizes) / sum(sizes):.2%})"


def main() -> None:
    """Print a row for each model: two loops of torch alone, and our Trainer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name, build, steps in (("large", large, arguments.steps), ("small", small, 10 * arguments.steps)):
        bare, text = row(name, partial(stepper, build), steps)
        dear = measured_step(build)
        print(f"{text}; a measured update takes {dear / bare:.2f} steps; {memory(build)}")
    print(row("tiny", trainer_stepper, arguments.steps)[1])


def row(name: str, make: Callable[[bool], Callable[[], None]], steps: int) -> tuple[float, str]:
    """Median bare step in seconds, and the costs as text.

    Args:
        name: of the model.
        make: makes a step, watched or not.
        steps: of each loop.
    """
    bare, ordinary, average = compare(make, steps)
    return bare, (
        f"{name}: {bare * 1e3:.2f} ms a step (n = {steps}); "
        f"watch {ordinary[1]:+.2%} (median), {average[1]:+.2%} (mean); "
        f"a second bare loop {ordinary[0]:+.2%}, {average[0]:+.2%}"
    )


if __name__ == "__main__":
    main()
