"""Which experiment a training command describes: preset, then configuration file, then options."""

import argparse
from dataclasses import replace

from ...experiment import TrainingExperiment, overlay
from ...experiment.presets import training_resolved
from ...experiment.toml import configuration_from_toml
from ...physics.scenes.scenario_presets import beside_array
from .scenes.array_option import array_of_option
from .training_options import PLAN


def training_of(arguments: argparse.Namespace) -> TrainingExperiment:
    """The experiment that a command line describes: preset, then configuration file, then options.

    An array takes the place of the scenario's panel, as in `ris simulate`. Scenes of shards are the same in each epoch,
    so that `plan.fresh` is false with them, whatever else says.

    Raises:
        ConfigurationError: an unknown preset or key, or a value that does not fit.
    """
    values = {} if arguments.config is None else configuration_from_toml(arguments.config)
    given = vars(arguments)
    experiment = training_resolved(values, arguments.preset)
    if given.get("array") is not None:
        name = array_of_option(given["array"], ())
        experiment = replace(experiment, scenario=replace(beside_array(experiment.scenario, name), array=name))
    if arguments.seed is not None:
        experiment = replace(experiment, seed=arguments.seed)
    plan = {key: given[key] for key in PLAN if given.get(key) is not None}
    if given.get("shards") is not None:
        plan["fresh"] = False  # shards hold the same scenes for every epoch
    return overlay(experiment, {"plan": plan}) if plan else experiment
