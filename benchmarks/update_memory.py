"""How near is the estimate of the memory that an update takes to what it takes? And that with the checks before it?

python benchmarks/update_memory.py

Each row is a process of its own, after a training of four scenes, and Linux says what it took at its most beyond that.
`update` trains two batches, the second of which is drawn beside the first, and validates one. `checks` is what
`ris doctor` does. The estimate is that by which `ris train`, `ris doctor` and `ris search` refuse.
"""

import argparse
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ris_pytorch_pipeline.cli.memory import drawn_bytes
from ris_pytorch_pipeline.experiment import TrainingExperiment, training_preset
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.train import Reporter, Trainer
from ris_pytorch_pipeline.train.loop.update_memory import update_memory

ROWS = ("tiny 128", "tiny 512", "desk 32", "desk 96", "tiny:mmwave 4", "tiny:mmwave 8")
PARTS = ("update", "checks")


def experiment_of(name: str, batch: int) -> TrainingExperiment:
    """A training of two batches: the preset of a network, and that of the scenes behind a colon."""
    network, _, scenes = name.partition(":")
    plan = {"batch": batch, "n_train": 2 * batch, "n_val": batch, "epochs": 1}
    training = training_preset(network, {"plan": plan})
    if not scenes:
        return training
    own = replace(preset(scenes), sources=training.scenario.sources, distance_law=training.scenario.distance_law)
    return replace(training, scenario=own)


def trainer_of(name: str, batch: int) -> Trainer:
    """A trainer that says nothing."""
    return Trainer(experiment_of(name, batch), reporter=Reporter(quiet=True))


def _status(field: str) -> int:
    """Bytes of a line of what Linux says of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def measured(name: str, batch: int, part: str) -> tuple[int, int]:
    """Bytes by the estimate, and bytes that were taken."""
    trainer = trainer_of(name, batch)
    needed = update_memory(trainer)
    assert needed is not None
    estimate = needed.of(batch, checked=part == "checks")
    estimate += drawn_bytes(trainer.experiment.scenario, batch, torch.complex64)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the most so far is what there is now
    before = _status("VmRSS")
    if part == "checks":
        trainer.preflight()
    else:
        trainer.fit()
    return estimate, _status("VmHWM") - before


def main() -> None:
    """Print a row for each network, batch and part."""
    parser = argparse.ArgumentParser(description="Estimated and measured memory of an update.")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), help="a preset of a training[:of scenes], and a batch")
    parser.add_argument("--parts", nargs="*", default=["update"], choices=PARTS, help="what is measured (update)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    trainer_of("tiny", 4).fit()  # so that what is loaded once is there
    print("| network | batch | part | estimate, MB | taken, MB | estimate / taken |")
    print("|---|---|---|---|---|---|")
    for row in given.rows:
        name, batch = row.split()
        for part in given.parts:
            print(_line(name, int(batch), part), flush=True)


def _line(name: str, batch: int, part: str) -> str:
    """A row, measured in a process of its own."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        estimate, taken = pool.apply(measured, (name, batch, part))
    cells: Sequence[object] = (name.replace(":", " on "), batch, part, f"{estimate / 1e6:.0f}", f"{taken / 1e6:.0f}")
    return f"| {' | '.join(map(str, cells))} | {estimate / taken:.2f} |"


if __name__ == "__main__":
    main()
