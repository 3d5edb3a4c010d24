"""How many more scenes per second do several processes train on than one, at equal results?

python benchmarks/processes.py --world 2 --rounds 5

Every round trains with one process and then with all of them, so that a busy machine slows both. Each process computes
with one thread and, where the machine lets it, on a core of its own; `--shared` leaves the choice to the system, where
the thread of a single process that draws ahead has the other core to itself. `--unrelated` also trains as many
runs that have nothing to do with each other, each on its share of a batch: the most that the cores can do together.
`--nudge` also trains one process whose first weights are larger by one rounding, which says what rounding comes to.
`--pieces` also trains one process that computes each batch in as many pieces as there are processes, as they do.
"""

import argparse
import os
import socket
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

import torch
from torch.multiprocessing.spawn import spawn

from ris_pytorch_pipeline.experiment import TRAINING_PRESETS
from ris_pytorch_pipeline.train import Attempt, Reporter, Trainer, joined


class Timed(Trainer):
    """A trainer that notes when each update ends, and says what its weights are worth at the end."""

    def _account(self, window: range, losses: dict[str, float], attempt: Attempt) -> None:
        super()._account(window, losses, attempt)
        self.ends.append((time.perf_counter(), time.process_time()))

    def run(self, warm: int) -> str:
        """Seconds of the updates after the first `warm`, those that this process computed in, and the last loss."""
        self.ends: list[tuple[float, float]] = []
        progress = self.fit()
        wall, busy = (last - first for first, last in zip(self.ends[warm - 1], self.ends[-1], strict=True))
        return f"{wall} {busy} {progress.history[-1]['validation']['total']!r}"


def train(rank: int, world: int, port: int, options: argparse.Namespace, folder: Path) -> None:
    """One process of a run; the first one writes what it found."""
    torch.set_num_threads(1)
    if not options.shared:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[rank % len(cores)]})
    base, batch = TRAINING_PRESETS[options.preset], options.batch
    scenes, apart = (options.warm + options.updates) * batch, options.validation * batch
    plan = replace(base.plan, epochs=1, n_train=scenes, n_val=apart, batch=batch)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world), LOCAL_RANK=str(rank))  # as torchrun does
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    with joined(os.environ, "cpu") as processes:
        trainer = Timed(replace(base, plan=plan), processes=processes, reporter=Reporter(quiet=True))
        if options.pieces and world == 1:
            trainer.progress.pieces = options.world
        if options.nudge and world == 1:
            with torch.no_grad():
                for parameter in trainer.net.parameters():
                    parameter.mul_(1 + torch.finfo(parameter.dtype).eps)
        found = trainer.run(options.warm)
        if processes.first:
            (folder / "found").write_text(found, encoding="utf-8")


def alone(rank: int, shares: int, options: argparse.Namespace, folder: Path) -> None:
    """A run of its own, on a share of the batch and a core of its own, beside others."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    own = argparse.Namespace(**{**vars(options), "batch": options.batch // shares, "shared": True})
    (folder / str(rank)).mkdir()
    train(0, 1, port, own, folder / str(rank))


def unrelated(world: int, options: argparse.Namespace) -> float:
    """Mean seconds of the updates of so many runs at once, each on its share of the batch."""
    with TemporaryDirectory() as folder:
        spawn(alone, (world, options, Path(folder)), nprocs=world)
        found = [(Path(folder) / str(rank) / "found").read_text(encoding="utf-8") for rank in range(world)]
    return mean(float(each.split()[0]) for each in found)


def timed(world: int, options: argparse.Namespace) -> tuple[float, float, float]:
    """Seconds of the updates, those of computing, and the loss of the validation, of a run of so many processes."""
    with socket.socket() as listening, TemporaryDirectory() as folder:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        listening.close()
        spawn(train, (world, port, options, Path(folder)), nprocs=world)
        wall, busy, loss = (float(x) for x in (Path(folder) / "found").read_text(encoding="utf-8").split())
    return wall, busy, loss


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Train with one process and with several, in turns.")
    parser.add_argument("--preset", default="tiny", choices=list(TRAINING_PRESETS))
    parser.add_argument("--batch", type=int, default=32, help="scenes of an update, of all processes together (32)")
    parser.add_argument("--world", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--validation", type=int, default=8, help="batches of the validation")
    parser.add_argument("--shared", action="store_true", help="do not give each process a core of its own")
    parser.add_argument("--unrelated", action="store_true", help="time runs that have nothing in common too")
    parser.add_argument("--nudge", action="store_true", help="also train one process from weights a rounding off")
    parser.add_argument("--pieces", action="store_true", help="also train one process that computes in pieces")
    return parser.parse_args()


def main() -> None:
    """Print each round and the median ratio."""
    options = arguments()
    kinds = {"nudge": "whose weights begin a rounding off", "pieces": f"that computes in {options.world} pieces"}
    beside = {name: told for name, told in kinds.items() if getattr(options, name)}
    vars(options).update(dict.fromkeys(kinds, False))
    scenes, ratios, most = options.updates * options.batch, [], list[float]()
    for number in range(options.rounds):
        (one, busy, loss), (several, theirs, other) = timed(1, options), timed(options.world, options)
        ratios.append((one / several, busy / theirs))
        print(
            f"round {number + 1}: {scenes / one:.0f} and {scenes / several:.0f} scenes/s, x {one / several:.2f}; "
            f"computing x {busy / theirs:.2f}; losses differ by {abs(loss / other - 1):.1e}"
        )
        for name, told in beside.items():
            *_, found = timed(1, argparse.Namespace(**{**vars(options), name: True}))
            print(
                f"  one process {told}: losses differ by {abs(found / loss - 1):.1e}, "
                f"and from those of {options.world} processes by {abs(found / other - 1):.1e}"
            )
        if options.unrelated:
            most.append(one / unrelated(options.world, options))
            print(f"  {options.world} unrelated runs at once: x {most[-1]:.2f}")
    wall, busy = (median(each) for each in zip(*ratios, strict=True))
    print(
        f"{options.world} processes against one, {options.preset}, batches of {options.batch}: "
        f"x {wall:.2f} scenes/s, x {1 / busy:.2f} of the "
        f"computing in a process (medians of {options.rounds})"
    )
    if most:
        print(f"{options.world} unrelated runs at once: x {median(most):.2f}")


if __name__ == "__main__":
    main()
