"""`ris overfit`: can the network learn some scenes by heart?"""

import argparse
from collections.abc import Callable
from dataclasses import replace

from trainlint import TrainingFault

from ...errors import InfeasibleError
from ...experiment import TrainingExperiment
from ...train import Data, Overfit, Reporter, Trainer, one_batch, overfit
from ..memory import compared_bytes, require
from ..options.own_panel import parts_behind
from ..options.training_experiment import training_of
from ..showing.output import Bar, print_json
from ..training_memory import require_update
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
    experiment = training_of(arguments)
    learnt = experiment.plan.batch if arguments.one_batch is not None else arguments.scenes
    _check_memory(experiment, learnt)
    data = parts_behind(arguments, experiment).data
    try:
        found = _found(experiment, arguments, data)
    except (TrainingFault, InfeasibleError) as error:
        return stop(str(error))
    if arguments.json:
        print_json(found.to_plain())
    else:
        print(f"NMSE {found.nmse_first:.3f} -> {found.nmse:.3f}, median angle error {found.angle_median_deg:.2f}°")
        print(f"{found.updates} updates; {found.verdict}")
    return 1 if found.reasons else 0


def _check_memory(experiment: TrainingExperiment, scenes: int) -> None:
    """Refuse scenes whose scores fit in no memory, and an update of them that does not.

    Raises:
        InfeasibleError: they do not.
    """
    require(
        compared_bytes(experiment.scenario, scenes, 1, experiment.plan.batch),
        f"{scenes} scenes of {experiment.scenario.elements} elements to learn by heart",
        ("lower --scenes", "take a smaller panel"),
    )
    plan = replace(experiment.plan, n_train=scenes, n_val=scenes, fresh=False, same_scenes=True)
    require_update(Trainer(replace(experiment, plan=plan), reporter=Reporter(quiet=True)), checked=False)


def _found(
    experiment: TrainingExperiment, arguments: argparse.Namespace, data: Callable[[TrainingExperiment], Data]
) -> Overfit:
    """Run what the options ask for."""
    if arguments.one_batch is not None:
        return one_batch(experiment, arguments.one_batch, _silence if arguments.json else None, data)
    with Bar("training") as bar:
        return overfit(experiment, arguments.scenes, reporter=Reporter(quiet=arguments.json, progress=bar), data=data)


def _silence(line: str) -> None:
    """Drop a line: JSON is wanted alone."""
