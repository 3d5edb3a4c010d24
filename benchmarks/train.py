"""How many scenes per second are trained on, and which share of the time goes where?

python benchmarks/train.py --preset tiny --batches 20
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from ris_pytorch_pipeline.data import BatchSource
from ris_pytorch_pipeline.experiment import TRAINING_PRESETS, TrainingExperiment
from ris_pytorch_pipeline.train import Data, Parts, Reporter, Trainer

STAGES = ("data", "forward", "loss", "backward", "step", "bookkeeping")
"""Bookkeeping is everything that is none of the others: checks, norms, Δparam, averages, counts."""


class Clock:
    """Gives the time since the last mark to a stage."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.last = time.perf_counter()

    def mark(self, stage: str) -> None:
        """The stage that ends now."""
        now = time.perf_counter()
        self.spent[stage] += now - self.last  # pyright: ignore[reportArgumentType]
        self.last = now

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

    def __init__(self, source: BatchSource, clock: Clock) -> None:
        self.source, self.get = source, clock.around(source.__getitem__, "data")

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401
        return self.get(index)


def timed_trainer(experiment: TrainingExperiment, clock: Clock) -> Trainer:
    """A trainer whose stages are marked on a clock."""
    parts = Parts()

    def data(of: TrainingExperiment) -> Data:
        made = parts.data(of)
        return Data(train=lambda epoch: TimedSource(made.train(epoch), clock), validation=made.validation)

    def loss(of: TrainingExperiment) -> Any:  # noqa: ANN401
        return clock.around(parts.loss(of), "loss")

    trainer = Trainer(experiment, parts=Parts(data=data, loss=loss), reporter=Reporter(quiet=True))
    trainer.net.register_forward_pre_hook(lambda *_: clock.mark("bookkeeping"))
    trainer.net.register_forward_hook(lambda *_: clock.mark("forward"))
    trainer.optimizer.register_step_pre_hook(lambda *_: clock.mark("bookkeeping"))
    trainer.optimizer.register_step_post_hook(lambda *_: clock.mark("step"))
    trainer.scaler.scale = clock.around(trainer.scaler.scale, "bookkeeping")
    note = trainer.progress.note_batch

    def noted(loss: float, size: int) -> None:
        clock.mark("backward")
        note(loss, size)

    trainer.progress.note_batch = noted
    trainer._end_epoch = lambda: _close(trainer, clock)
    return trainer


def _close(trainer: Trainer, clock: Clock) -> None:
    """End an epoch without validation, which is not what is measured."""
    clock.mark("bookkeeping")
    trainer.progress.close_epoch({})
    if trainer.progress.epoch == 1:
        clock.spent.clear()  # the first epoch warms up
    clock.last = time.perf_counter()


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
    clock = Clock()
    timed_trainer(replace(experiment, plan=plan), clock).fit()
    whole = sum(clock.spent.values())
    rate = options.batches * batch / whole
    print(
        f"preset {options.preset}: {rate:.0f} scenes/s over {options.batches} batches of {batch} "
        f"({experiment.device}, {experiment.precision}, {options.threads} threads)"
    )
    for stage in STAGES:
        print(f"{clock.spent[stage] / whole:6.1%}  {stage}")


if __name__ == "__main__":
    main()
