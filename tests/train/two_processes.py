"""Two processes of one run on this machine, started once, each doing a list of scenes and saying what came of it."""

import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from weakref import ref

import torch
import torch.distributed as dist
from small_world import SCENARIO, SmallLoss, SmallNet, World
from trainlint.errors import ExplainedError

from ris_pytorch_pipeline.experiment import Optimisation, Plan, TrainingExperiment
from ris_pytorch_pipeline.train import Processes, Trainer, joined
from trainlint import TrainingFault, rule

EXPERIMENT = TrainingExperiment(
    scenario=SCENARIO,
    optimisation=Optimisation(rate=1e-2, accumulation=2),
    plan=Plan(epochs=2, n_train=15, n_val=8, batch=4),  # batches of 4, 4, 4 and 3: unequal shares too
)
LOUD = -1.0
"""Log share of noise that one scene of the first two batches exceeds, in the share of process 1."""
Scene = Callable[[World, Processes, Path], dict[str, Any]]


class Rare(SmallNet):
    """The head, without its bias, takes part in scenes of strong noise, and not at all in a batch without one."""

    used = 0

    def forward(self, inputs):
        hidden, rare = self.backbone(inputs.images), inputs.log_noise > LOUD
        if not rare.any():
            return hidden[:, :2]
        self.used += 1
        return hidden[:, :2] + (hidden @ self.head.weight.mT) * rare[:, None]


class Narrow(SmallNet):
    """It has no memory to train on more than one scene at a time."""

    def forward(self, inputs):
        if self.training and len(inputs) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 1 GiB")
        return super().forward(inputs)


def gradients(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """Gradients of the first window, before anything is done with them."""
    return first_gradients(world.trainer(processes=processes))


def rare_gradients(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """The same where the head is used in one share alone, and its bias nowhere."""
    trainer = world.trainer(net=Rare, processes=processes)
    net = trainer.net
    assert isinstance(net, Rare)
    found = first_gradients(trainer)
    return found | {"used": net.used}


def first_gradients(trainer: Trainer) -> dict[str, Any]:
    trainer._prepare({}, resume=False)
    trainer.source = trainer.data.train(0)
    losses = trainer._backward(range(2))
    grads = zip(trainer.groups.names, trainer.groups.parameters, strict=True)
    return {"losses": losses, "grads": {name: None if p.grad is None else p.grad.tolist() for name, p in grads}}


def training(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """A run with files, interrupted in its sixth batch and resumed."""
    for name in ("run", "left"):  # the latter is left for a test to go on with
        options = {"directory": folder / name, "save_every": 1, "processes": processes}
        with suppress(KeyboardInterrupt):
            world.trainer(SmallLoss({5: "interrupt"}), **options).fit()
    options = {"directory": folder / "run", "save_every": 1, "processes": processes}
    trainer = world.trainer(**options)
    progress = trainer.fit(resume=True)
    return {"progress": progress.to_plain(), "weights": weights(trainer), "lines": len(world.lines())}


def weights(trainer: Trainer) -> list[Any]:
    return [p.tolist() for p in trainer.net.parameters()]


def one_nan(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """A loss that is not finite in process 1 alone, at its third batch."""
    trainer = world.trainer(SmallLoss({} if processes.first else {2: "nan"}), processes=processes)
    progress = trainer.fit()
    skips = [line for line in world.lines() if line.startswith("[SKIP]")]
    return {"progress": progress.to_plain(), "weights": weights(trainer), "skips": skips}


def nan_for_good(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """A loss that is not finite in process 1 alone, and stays so."""
    world = world.like(most_skips=1)
    world.trainer(SmallLoss(always="" if processes.first else "nan"), processes=processes).fit()
    return {}


def disturbed(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """A weight of the head that process 1 alone changes in the second update."""
    trainer = world.trainer(processes=processes)

    def meddle(*_: object) -> None:
        if not processes.first and trainer.progress.updates == 1:
            with torch.no_grad():
                trainer.groups.parameters[-1][0] += 1e-3

    trainer.optimizer.register_step_post_hook(meddle)
    trainer.fit()
    return {}


def another_seed(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """Process 1 was started with another seed."""
    World(replace(world.experiment, seed=processes.rank)).trainer(processes=processes).fit()
    return {}


def idle(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """The optimizer of process 1 alone does nothing."""
    trainer = world.trainer(processes=processes)
    if not processes.first:
        trainer.optimizer.step = lambda *_, **__: None
    trainer.fit()
    return {}


def gone(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """The watch of process 1 alone finds something fatal, at the end of the last epoch, and its process ends."""
    trainer = world.trainer(directory=folder / "gone", processes=processes)

    def report(record: dict[str, Any], best: float | None) -> None:
        if record["epoch"] == 2 and not processes.first:
            raise TrainingFault(rule("RT213").found("validation is nan in process 1"))

    trainer.watching.epoch = report
    trainer.fit()
    return {}


def narrow(world: World, processes: Processes, folder: Path) -> dict[str, Any]:
    """Memory runs out in process 1 alone, at more than one scene at a time."""
    net = SmallNet if processes.first else Narrow
    trainer = world.trainer(net=net, directory=folder / "narrow", processes=processes)
    pieces = trainer.fit().pieces
    said = [line for line in world.lines() if "memory ran out" in line]
    return {"pieces": pieces, "said": said, "weights": weights(trainer)}


SCENES: list[Scene] = [
    gradients, rare_gradients, training, one_nan, narrow, nan_for_good, disturbed, another_seed, idle, gone,
]  # fmt: skip


def process(rank: int, world: int, port: int, folder: Path) -> None:
    """Do every scene in turn as process `rank`; `RANK.json` in the folder says what came of each."""
    torch.set_num_threads(1)
    found = {}
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world), LOCAL_RANK=str(rank))  # as torchrun does
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    with joined(os.environ, "cpu", timedelta(seconds=60)) as processes:
        group = ref(dist.group.WORLD)  # pyright: ignore[reportArgumentType]
        for scene in SCENES:
            try:
                found[scene.__name__] = scene(World(EXPERIMENT), processes, folder)
            except ExplainedError as error:
                found[scene.__name__] = {"error": f"{type(error).__name__}: {error}"}
            (folder / f"{rank}.json").write_text(json.dumps(found), encoding="utf-8")
    found["group"] = {"left": group() is not None}
    (folder / f"{rank}.json").write_text(json.dumps(found), encoding="utf-8")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


if __name__ == "__main__":
    process(int(sys.argv[1]), 2, int(sys.argv[2]), Path(sys.argv[3]))
