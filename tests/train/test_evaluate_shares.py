"""Do several processes validate as one does, each its own batches, and all with the same numbers to the last bit?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from threading import Barrier, Thread
from typing import Any

import pytest
import torch
from small_world import SCENARIO, SmallLoss, SmallNet
from torch import Tensor

from ris_pytorch_pipeline.data import SceneSource
from ris_pytorch_pipeline.train import Processes
from ris_pytorch_pipeline.train.loop.evaluate import evaluate
from ris_pytorch_pipeline.train.processes.hardware import Hardware

SOURCE = SceneSource(scenario=SCENARIO, split="validation", seed=0, scenes=23, batch=4)
SIZES = (4, 4, 4, 4, 4, 3)
HERE = Hardware(device=torch.device("cpu"), low=None)
NET = SmallNet().eval()


@dataclass(frozen=True, kw_only=True)
class Threads(Processes):
    """Processes that are threads of one, each waiting for the others at a sum."""

    barrier: Barrier
    table: list[Tensor] = field(default_factory=list)

    def sum(self, values: Tensor) -> Tensor:
        self.table.append(values)
        self.barrier.wait(60)
        return torch.stack(self.table).sum(0)


class Counted(SceneSource):
    """Notes which batches were asked for."""

    def __getitem__(self, index: int):
        ASKED.append(index)
        return super().__getitem__(index)


ASKED: list[int] = []


def in_threads(world: int, sizes: Sequence[int], loss: Any = None) -> list[dict[str, float]]:
    barrier, table, found = Barrier(world), list[Tensor](), [dict[str, float]()] * world

    def one(rank: int) -> None:
        processes = Threads(rank=rank, world=world, barrier=barrier, table=table)
        source = Counted(**{each.name: getattr(SOURCE, each.name) for each in fields(SOURCE)})
        found[rank] = evaluate(NET, loss or SmallLoss(), None, source, sizes, HERE, processes)

    threads = [Thread(target=one, args=(rank,)) for rank in range(world)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.parametrize("world", [2, 3, 4, 6])
def test_any_number_of_processes_validates_as_one(world: int) -> None:
    alone = evaluate(NET, SmallLoss(), None, SOURCE, SIZES, HERE)
    ASKED.clear()
    assert in_threads(world, SIZES) == [alone] * world
    assert sorted(ASKED) == list(range(6))  # each batch by one of them


def test_more_processes_than_batches_validate_all_the_same() -> None:
    alone = evaluate(NET, SmallLoss(), None, SOURCE, SIZES[:2], HERE)
    assert in_threads(4, SIZES[:2]) == [alone] * 4


def test_a_batch_that_is_not_finite_is_known_to_all() -> None:
    found = in_threads(3, SIZES, SmallLoss(always="nan"))
    assert [str(each["total"]) for each in found] == ["nan"] * 3
