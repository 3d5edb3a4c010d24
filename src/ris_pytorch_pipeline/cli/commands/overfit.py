"""`ris overfit`: can the network learn some scenes by heart?"""

import argparse

from trainlint import TrainingFault

from ...errors import InfeasibleError
from ...train import Overfit, Reporter, one_batch, overfit
from ..options.training_experiment import training_of
from ..showing.output import Bar, print_json
from .train import check_alone, stop

EPOCHS = 60
"""Passes over 512 scenes that `tiny` needs, where neither an option nor a file says otherwise."""


def run(arguments: argparse.Namespace) -> int:
    """Train and validate on the very same scenes.

    Returns:
        The exit code: 0 for go, 1 for no-go.
    """
    check_alone("overfit")
    if arguments.epochs is None and arguments.config is None:
        arguments.epochs = EPOCHS
    try:
        found = _found(arguments)
    except (TrainingFault, InfeasibleError) as error:
        return stop(str(error))
    if arguments.json:
        print_json(found.to_plain())
    else:
        print(f"NMSE {found.nmse_first:.3f} -> {found.nmse:.3f}, median angle error {found.angle_median_deg:.2f}°")
        print(f"{found.updates} updates; {found.verdict}")
    return 1 if found.reasons else 0


def _found(arguments: argparse.Namespace) -> Overfit:
    """Run what the options ask for."""
    experiment = training_of(arguments)
    if arguments.one_batch is not None:
        return one_batch(experiment, arguments.one_batch, _silence if arguments.json else None)
    with Bar("training") as bar:
        return overfit(experiment, arguments.scenes, reporter=Reporter(quiet=arguments.json, progress=bar))


def _silence(line: str) -> None:
    """Drop a line: JSON is wanted alone."""
