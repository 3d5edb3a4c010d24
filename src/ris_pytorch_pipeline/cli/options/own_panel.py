"""Which panel does a training draw its scenes behind? A nominal one, or what a calibration says of one's own."""

import argparse
from pathlib import Path

from ...experiment import TrainingExperiment
from ...train import Parts, check_hardware, scenes_behind
from .scenes.hardware import calibration_name, hardware_for


def parts_behind(arguments: argparse.Namespace, experiment: TrainingExperiment, resumed: Path | None = None) -> Parts:
    """The parts of a training whose scenes are drawn behind the panel of `--calibration`; the usual ones without it.

    Args:
        arguments: of the command.
        experiment: what is trained.
        resumed: folder of the run that goes on, behind the panel that it began with.

    Raises:
        ConfigurationError: another calibration than the run began with.
        InputError: no calibration in that file, or one of other hardware or codes.
    """
    hardware, name = hardware_for(arguments, experiment), calibration_name(arguments.calibration)
    if resumed is not None:
        check_hardware(resumed, name)
    return Parts() if hardware is None or name is None else Parts(data=scenes_behind(hardware, name))
