"""Which options a training command takes."""

import argparse
from pathlib import Path

PLAN = {
    "epochs": "passes (the preset's)",
    "n_train": "training scenes of an epoch (the preset's)",
    "n_val": "validation scenes (the preset's)",
}


def add_train(parser: argparse.ArgumentParser) -> None:
    """Options of `ris train`."""
    parser.add_argument("out", type=Path, metavar="RUN_DIR", help="folder of the ledger and the checkpoints")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint in RUN_DIR")
    parser.add_argument("--quiet", action="store_true", help="print the end alone")
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="write scalars for TensorBoard there")
    parser.add_argument("--log-every", type=int, default=50, metavar="N", help="updates between reports (50)")
    parser.add_argument("--shards", type=Path, metavar="DIR", help="train on the scenes of `ris simulate --shards`")
    parser.add_argument(
        "--watch",
        metavar="PRESET",
        default="light",
        help="what the watch may cost: light, full or trace (light)",
    )
    parser.add_argument(
        "--tolerate", action="append", default=[], metavar="CODE=N",
        help="let a fatal finding pass N times, -1 always: RT101=3; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--memory-limit", type=int, metavar="MB", help="memory that training may add, on a CPU; beyond it, an error"
    )
    parser.add_argument("--no-preflight", dest="preflight", action="store_false", help="leave the checks out")
    add_base(parser, PLAN)


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Options of `ris doctor`."""
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    add_base(parser, PLAN)


def add_overfit(parser: argparse.ArgumentParser) -> None:
    """Options of `ris overfit`."""
    parser.add_argument("--scenes", type=int, default=512, metavar="N", help="scenes to learn by heart (512)")
    parser.add_argument("--one-batch", type=int, metavar="N", help="one batch for N updates, every link printed")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    add_base(parser, {"epochs": "passes; 60 without a configuration file"})


def add_demo(parser: argparse.ArgumentParser) -> None:
    """Options of `ris demo`."""
    parser.add_argument("--out", type=Path, default=Path("runs/demo"), help="folder of the run and the report")
    parser.add_argument("--scenes", type=int, default=200, metavar="N", help="unseen scenes to locate (200)")
    parser.add_argument(
        "--model", type=Path, metavar="MODEL",
        help="train nothing and show this network: `reference`, a checkpoint, or the folder of a training run",
    )  # fmt: skip
    add_base(parser, PLAN)


def add_base(parser: argparse.ArgumentParser, plan: dict[str, str]) -> None:
    """Options that describe the experiment.

    Args:
        parser: of the command.
        plan: its counts that are options, with their help.
    """
    parser.add_argument("--preset", metavar="NAME", help="tiny, desk, reference or paper (tiny)")
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="configuration laid over the preset")
    parser.add_argument("--array", metavar="ARRAY", help="file of an array (.toml, .csv, .npy), or a name of --config")
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="draw the scenes behind these gains of `ris calibrate`"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of every random stream (0)")
    for name, text in plan.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=text)
