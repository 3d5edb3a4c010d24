"""How many scenes per second are trained on, and which share of the time goes where?

python benchmarks/train.py --preset tiny --batches 20
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import torch

from ris_pytorch_pipeline.data import BatchSource
from ris_pytorch_pipeline.experiment import TRAINING_PRESETS, TrainingExperiment
from ris_pytorch_pipeline.train import Data, Parts, Progress, Reporter, Trainer
from ris_pytorch_pipeline.train.processes.ahead import WhenAsked

STAGES = ("data", "forward", "loss", "backward", "step", "bookkeeping")
"""Bookkeeping is everything that is none of the others: checks, norms, Δparam, averages, counts, watch, ledger, lines,
checkpoints. Validation is left out of the whole."""


class Clock:
    """Gives the time since the last mark to a stage.

    Args:
        now: what the time is, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.spent: Counter[str] = Counter()
        self.now, self.last = now, now()

    def mark(self, stage: str) -> None:
        """The stage that ends now."""
        now = self.now()
        self.spent[stage] += now - self.last  # pyright: ignore[reportArgumentType]
        self.last = now

    def shares(self) -> dict[str, float]:
        """Share of each stage in the time of training, which validation is no part of."""
        whole = sum(self.spent[stage] for stage in STAGES)
        return {stage: self.spent[stage] / whole for stage in STAGES}

    def around(self, call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The call, with its time given to a stage and the time before it to bookkeeping."""

        def timed(*values: Any, **named: Any) -> Any:  # noqa: ANN401
            self.mark("bookkeeping")
            result = call(*values, **named)
            self.mark(stage)
            return result

        return timed


class TimedSource:
    """A source whose draws are timed."""

    def __init__(self, source: BatchSource, clock: Clock, stage: str) -> None:
        self.source, self.get = source, clock.around(source.__getitem__, stage)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401
        return self.get(index)


def timed_parts(clock: Clock) -> Parts:
    """The usual parts, with draws, losses and measures marked on a clock."""
    parts = Parts()

    def data(of: TrainingExperiment) -> Data:
        made = parts.data(of)
        validation = TimedSource(made.validation, clock, "validation")
        return replace(made, train=lambda epoch: TimedSource(made.train(epoch), clock, "data"), validation=validation)

    def loss(of: TrainingExperiment) -> Any:  # noqa: ANN401
        made = parts.loss(of)
        training, validation = clock.around(made, "loss"), clock.around(made, "validation")
        return lambda *given: (training if torch.is_grad_enabled() else validation)(*given)

    assert parts.measure is not None
    return replace(parts, data=data, loss=loss, measure=clock.around(parts.measure, "validation"))


class Timed(Trainer):
    """A trainer that draws a batch when it is asked for, so that each second belongs to one stage."""

    ahead = WhenAsked


def timed_trainer(experiment: TrainingExperiment, clock: Clock, folder: Path, lines: TextIO) -> Trainer:
    """A trainer whose stages are marked on a clock; it writes ledger and checkpoints into a folder, and lines."""
    trainer = Timed(experiment, directory=folder, parts=timed_parts(clock), reporter=Reporter(lines.write))
    for net, stage in ((trainer.net, "forward"), (trainer.average.net, "validation")):
        net.register_forward_pre_hook(lambda *_: clock.mark("bookkeeping"))
        net.register_forward_hook(lambda *_, stage=stage: clock.mark(stage))
    trainer.optimizer.register_step_pre_hook(lambda *_: clock.mark("bookkeeping"))
    trainer.optimizer.register_step_post_hook(lambda *_: clock.mark("step"))
    trainer.scaler.scale = clock.around(trainer.scaler.scale, "bookkeeping")
    end = trainer._end_epoch

    class Marked(Progress):
        def note_batch(self, loss: float, size: int) -> None:
            clock.mark("backward")
            super().note_batch(loss, size)

    def ended() -> None:
        end()
        clock.mark("bookkeeping")
        if trainer.progress.epoch == 1:
            clock.spent.clear()  # the first epoch warms up

    trainer.progress = Marked()
    trainer._end_epoch = ended
    return trainer


def main() -> None:
    """Print scenes per second and the shares."""
    parser = argparse.ArgumentParser(description="Train for a few batches and say how long it took.")
    parser.add_argument("--preset", default="tiny", choices=list(TRAINING_PRESETS))
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    experiment = TRAINING_PRESETS[options.preset]
    batch = experiment.plan.batch
    plan = replace(experiment.plan, epochs=2, n_train=options.batches * batch, max_train_batches=options.batches)
    plan, clock = replace(plan, max_val_batches=1), Clock()
    with TemporaryDirectory() as folder, (Path(folder) / "lines.txt").open("w", buffering=1, encoding="utf-8") as lines:
        timed_trainer(replace(experiment, plan=plan), clock, Path(folder) / "run", lines).fit()
    rate = options.batches * batch / sum(clock.spent[stage] for stage in STAGES)
    print(
        f"preset {options.preset}: {rate:.0f} scenes/s over {options.batches} batches of {batch} "
        f"({experiment.device}, {experiment.precision}, {options.threads} threads)"
    )
    for stage, share in clock.shares().items():
        print(f"{share:6.1%}  {stage}")


if __name__ == "__main__":
    main()
