"""Which hardware do drawn scenes have? What `ris calibrate` found, of which methods are told or not."""

import argparse
from pathlib import Path

from ....bench import Drawer, calibrated_scenes, cell_scenes
from ....calibrate import Calibration, load_calibration
from ....data.sharded.manifest import file_digest
from ....errors import ConfigurationError


def hardware_of(arguments: argparse.Namespace) -> Calibration | None:
    """The calibration that a command names, and None for nominal hardware.

    Raises:
        ConfigurationError: `--untold` without one.
        InputError: no calibration in that file.
    """
    if arguments.calibration is None:
        if vars(arguments).get("untold"):
            raise ConfigurationError(
                "--calibration beside --untold", "--untold alone", "nominal hardware, which methods know",
                "name the file of `ris calibrate` with --calibration, or leave --untold out",
            )  # fmt: skip
        return None
    return load_calibration(arguments.calibration)


def drawn_behind(calibration: Calibration | None, *, told: bool) -> Drawer:
    """Where drawn scenes come from."""
    return cell_scenes if calibration is None else calibrated_scenes(calibration, told=told)


def calibration_name(path: Path | None) -> str | None:
    """A calibration by the name and digest of its file, for configurations that tell equal runs by equal values.

    Raises:
        SceneFileError: a file that cannot be read.
    """
    if path is None:
        return None
    return f"{path.name}@{file_digest(path)[:16]}"
