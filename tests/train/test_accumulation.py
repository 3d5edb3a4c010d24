"""Is the gradient of several batches that of one batch as large as all of them, whatever their sizes?"""

from dataclasses import dataclass

import pytest
import torch
from small_world import World

from ris_pytorch_pipeline.data import Inputs, Labels, SceneSource
from ris_pytorch_pipeline.experiment import Plan, TrainingExperiment
from ris_pytorch_pipeline.train import Data, Parts, Reporter, Trainer


@dataclass
class Sliced:
    """One drawn batch, cut into batches of the size asked for."""

    batch: tuple[Inputs, Labels]
    size: int

    def __len__(self) -> int:
        return -(-len(self.batch[0]) // self.size)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        cut = slice(index * self.size, (index + 1) * self.size)
        return self.batch[0][cut], self.batch[1][cut]


def window_gradient(trainer: Trainer, batch: tuple[Inputs, Labels], size: int, windows: int = 1) -> torch.Tensor:
    """Gradient of the last window of an epoch over the batch."""
    accumulation = trainer.experiment.optimisation.accumulation
    trainer.source = Sliced(batch, size)
    window = trainer.experiment.plan.windows(accumulation)[windows - 1]
    trainer._backward(window)
    return torch.cat([p.grad.flatten().double() for p in trainer.groups.parameters if p.grad is not None])


def close(first: torch.Tensor, second: torch.Tensor) -> bool:
    return bool((first - second).norm() <= 1e-5 * second.norm()) and bool(second.norm() > 0)


@pytest.mark.parametrize(("size", "accumulation"), [(3, 4), (5, 3), (4, 3), (7, 2)])
def test_accumulated_batches_give_the_gradient_of_one(world, batch, size, accumulation) -> None:
    small = world.like(n_train=12, batch=size, accumulation=accumulation)
    large = world.like(n_train=12, batch=12, accumulation=1)
    accumulated = window_gradient(small.trainer(), batch, size)
    assert close(accumulated, window_gradient(large.trainer(), batch, 12))


def test_the_last_window_is_scaled_by_its_own_scenes(world, batch) -> None:
    """Batches of 5, 5, 2 by two: the last window holds the last batch of 2 alone."""
    trainer = world.like(n_train=12, batch=5, accumulation=2).trainer()
    last = window_gradient(trainer, batch, 5, windows=2)
    alone = world.like(n_train=2, n_val=2, batch=2, accumulation=1).trainer()
    assert close(last, window_gradient(alone, (batch[0][10:], batch[1][10:]), 2))


def test_accumulation_by_four_on_the_hybrid_network() -> None:
    drawn = SceneSource(scenario=TrainingExperiment().scenario, split="train", seed=3, scenes=8, batch=8)[0]

    def trainer(size: int, accumulation: int) -> Trainer:
        world = World(TrainingExperiment(plan=Plan(n_train=8, n_val=8, batch=size))).like(accumulation=accumulation)
        return Trainer(world.experiment, reporter=Reporter(quiet=True))

    one = window_gradient(trainer(8, 1), drawn, 8)
    assert close(window_gradient(trainer(2, 4), drawn, 2), one)


def test_a_source_of_other_sizes_is_refused(world, batch) -> None:
    trainer = world.like(n_train=12, batch=6).trainer()
    trainer.source = Sliced(batch, 4)
    with pytest.raises(ValueError, match="6 scenes in batch 0"):
        trainer._backward(range(2))


def test_each_update_of_a_run_sees_its_window(world, batch) -> None:
    """Three updates an epoch of batches 3, 3 | 3, 3 | 2: no batch is dropped, and the mean loss is over scenes."""
    cut = (batch[0][:11], batch[1][:11])
    trainer = world.like(n_train=11, batch=2, accumulation=2, epochs=1, max_train_batches=5).trainer(
        parts=Parts(
            net=lambda _: world.trainer().net,
            loss=lambda _: world.trainer().loss,
            data=lambda _: Data(train=lambda _: Sliced(cut, 2), validation=Sliced(batch, 8)),
            measure=None,
        )
    )
    with pytest.raises(ValueError, match="scenes in batch 0"):  # validation of 8 scenes comes in batches of 2
        trainer.fit()
    assert trainer.progress.attempts == 3
    assert trainer.progress.samples == 10
