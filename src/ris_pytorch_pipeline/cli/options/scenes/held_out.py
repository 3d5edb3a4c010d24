"""Which scenes does `ris evaluate --shards` take? Those of the split `test`, which no training reads."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ....bench import Drawer
from ....bench.sweep import BLOCK
from ....calibrate import Calibration
from ....data import Shards, open_shards
from ....data.behind import check_untold
from ....data.dataset import Split
from ....errors import ConfigurationError
from ....experiment import overlay
from ....physics import Scenario, Scenes
from ...showing.output import Bar

_DRAWN = ("preset", "config", "seed", "sources", "snr_db")
"""Options that say how scenes are drawn."""


def held_out(folder: Path, arguments: argparse.Namespace) -> Shards:
    """The shards of a folder, once the test scenes in them are found to be those of its manifest.

    Args:
        folder: of `ris simulate --shards`.
        arguments: of the command.

    Raises:
        ConfigurationError: no test scenes, or an option that says how scenes are drawn or what is told of them.
        SceneFileError: no shards, or a test shard that is missing or altered.
    """
    given = vars(arguments)
    named = [name for name in given if name in _DRAWN or name.startswith("scenario.")]
    drawn = [name for name in named if given[name] is not None] + ["untold"] * arguments.untold
    if drawn:
        option = f"--{drawn[0].removeprefix('scenario.').replace('_', '-')}"
        raise ConfigurationError(
            "the scenes of --shards as they are", option, "an option that draws other scenes",
            f"leave out {option} or --shards",
        )  # fmt: skip
    shards = open_shards(folder)
    if not shards.manifest.scenes("test"):
        raise ConfigurationError(
            f"test scenes in {folder}", f"splits {', '.join(shards.manifest.shards)}", "shards made for training alone",
            "simulate shards with --split test=1000",
        )  # fmt: skip
    verify(shards, ("test",))
    return shards


def verify(shards: Shards, splits: Sequence[Split]) -> None:
    """Compare splits with their digests, behind a progress bar.

    Args:
        shards: where they are.
        splits: which; one that the manifest does not have is left out.

    Raises:
        SceneFileError: a shard that is missing or altered.
    """
    with Bar("verifying shards") as bar:
        shards.verify([split for split in splits if split in shards.manifest.shards], bar)


def scenario_of(shards: Shards) -> Scenario:
    """What the scenes were drawn from."""
    return overlay(Scenario(), shards.manifest.config["scenario"])


def scenes_held(shards: Shards, asked: int | None) -> int:
    """How many test scenes to take.

    Args:
        shards: where they are.
        asked: for; None takes all.

    Raises:
        ConfigurationError: more than there are, or fewer than one.
    """
    held = shards.manifest.scenes("test")
    if asked is not None and not 1 <= asked <= held:
        raise ConfigurationError(
            f"1 to {held} test scenes, which is what {shards.folder} holds", str(asked),
            "a count meant for drawn scenes", f"pass --scenes {held}",
        )  # fmt: skip
    return held if asked is None else asked


def drawer_of(shards: Shards, calibration: Calibration | None = None) -> Drawer:
    """Blocks of the test scenes, in complex128 as drawn scenes are, behind a calibration if there is one.

    Raises:
        InputError: a calibration, and shards that are told of the hardware that they were drawn behind.
    """
    if calibration is not None:
        check_untold(shards.manifest.config)

    def block_of(scenario: Scenario, scenes: int, seed: int, block: int) -> Scenes:
        first = block * BLOCK
        held = shards.scenes("test", first, first + scenes).to(dtype=torch.complex128)
        return held if calibration is None else replace(held, observation=calibration.applied(held.observation))

    return block_of
