"""Which hardware do drawn scenes have? What `ris calibrate` found, of which methods are told or not."""

import argparse
from pathlib import Path
from typing import Any

from ....bench import Drawer, calibrated_scenes, cell_scenes
from ....calibrate import Calibration, load_calibration
from ....data.sharded.manifest import file_digest
from ....errors import ConfigurationError
from ....experiment import Experiment, TrainingExperiment
from ....physics import Hardware, draw
from ....rng import stream


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


def hardware_for(arguments: argparse.Namespace, experiment: Experiment | TrainingExperiment) -> Hardware | None:
    """The hardware that a command draws the scenes of an experiment behind; one scene is drawn to see that it fits.

    Whatever reads the scenes is told of it, but by a command that has `--untold`.

    Raises:
        ConfigurationError: `--untold` without a calibration.
        InputError: no calibration in that file, or one of other hardware or codes.
    """
    calibration = hardware_of(arguments)
    if calibration is None:
        return None
    hardware = calibration.hardware(told=not vars(arguments).get("untold"))
    draw(experiment.scenario, 1, stream(experiment.seed, "simulate", 0), hardware=hardware)
    return hardware


def behind_of(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The same hardware as plain values, see `shown_behind`; None for a nominal panel."""
    name = calibration_name(arguments.calibration)
    return None if name is None else {"calibration": name, "told": not vars(arguments).get("untold")}


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
