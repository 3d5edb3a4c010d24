"""What does a watch cost? Steps without and with it, in turns in one run, as a ratio of medians."""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ris_pytorch_pipeline.diagnose import Watch


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


def tiny() -> tuple[nn.Module, Tensor]:
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


def seconds(step: Callable[[], None]) -> float:
    """Processor time of one step: on a CPU it does the work, and other processes on the machine do not count."""
    start = time.process_time()
    step()
    return time.process_time() - start


def compare(build: Callable[[], tuple[nn.Module, Tensor]], steps: int) -> tuple[float, list[float], list[float]]:
    """Cost of the watch beside the noise of the machine: two bare loops and a watched one, in turns.

    Args:
        build: makes model and input.
        steps: steps of each loop, after three to warm up.

    Returns:
        Median bare step in seconds, then for the second bare loop and the watched one: ratio of medians minus 1, and
        ratio of means minus 1.
    """
    loops = [stepper(build, watched) for watched in (False, False, True)]
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


def sampled_bytes(build: Callable[[], tuple[nn.Module, Tensor]]) -> tuple[int, int]:
    """Bytes of the model, and of the samples that a watch holds during a measured update.

    Args:
        build: makes model and input.
    """
    from ris_pytorch_pipeline.diagnose.meter import sample

    model, _ = build()
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    kept = [sample(p).numel() * p.element_size() for p in model.parameters()]
    return size, sum(kept) + max(kept)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name, build, steps in (("large", large, arguments.steps), ("tiny", tiny, 10 * arguments.steps)):
        bare, ordinary, average = compare(build, steps)
        dear = measured_step(build)
        size, peak = sampled_bytes(build)
        print(
            f"{name}: {bare * 1e3:.2f} ms a step (n = {steps}); "
            f"watch {ordinary[1]:+.2%} (median), {average[1]:+.2%} (mean); "
            f"a second bare loop {ordinary[0]:+.2%}, {average[0]:+.2%}; "
            f"a measured update takes {dear / bare:.2f} steps; samples {peak / size:.2%} of the model's bytes"
        )


if __name__ == "__main__":
    main()
