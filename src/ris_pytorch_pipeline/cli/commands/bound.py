"""`ris bound`: the Cramér-Rao bound of drawn scenes, its median and 90th percentile over all sources."""

import argparse
from dataclasses import fields

import torch

from ...bench import bound_quantiles
from ...bounds import Bound, scene_bound
from ...data import simulated_blocks
from ...experiment import Experiment
from ...physics import Hardware
from ...units import counted
from ..arguments import experiment_of
from ..memory import compared_bytes, require
from ..options.scenes.hardware import calibration_name, hardware_of
from ..showing.output import Bar, print_json
from ..showing.tables import print_table, table_of


def run(arguments: argparse.Namespace) -> None:
    """Draw the scenes that `ris simulate` would write, bound them, and print the quantiles."""
    experiment = experiment_of(arguments)
    require(
        compared_bytes(experiment.scenario, experiment.scenes, 0),
        f"the bounds of {counted(experiment.scenes, 'scene')} of {experiment.scenario.elements} elements",
        ("lower --scenes", "take a smaller panel"),
    )
    calibration = hardware_of(arguments)
    hardware = None if calibration is None else calibration.hardware(told=False)
    quantiles = bound_quantiles(bound_of(experiment, hardware))
    if arguments.json:
        behind = {} if hardware is None else {"calibration": calibration_name(arguments.calibration)}
        facts = {"scenes": experiment.scenes, "config": experiment.to_plain(), "digest": experiment.digest} | behind
        print_json(quantiles | facts)
        return
    table = table_of(
        f"Cramér-Rao bound, {experiment.scenes} scenes", ("standard deviation", "median", "90th percentile")
    )
    for key, value in quantiles.items():
        name, unit = key.split("_")
        sign = "°" if unit == "deg" else " m"
        shown = [f"{each:.3g}{sign}" if each == each else "not observable" for each in value.values()]
        table.add_row(name, *shown)
    print_table(table)
    print(f"configuration {experiment.digest}")


def bound_of(experiment: Experiment, hardware: Hardware | None = None) -> Bound:
    """The bound of every scene, block by block, so that only the bounds stay in memory.

    Args:
        experiment: what to draw.
        hardware: that the scenes are drawn behind; None is nominal.
    """
    parts: list[Bound] = []
    done = 0
    with Bar("bounding") as bar:
        scenario, count, seed = experiment.scenario, experiment.scenes, experiment.seed
        for scenes in simulated_blocks(scenario, count, seed, hardware=hardware):
            parts.append(scene_bound(scenes))
            bar(done := done + len(scenes), experiment.scenes)
    return Bound(**{field.name: torch.cat([vars(part)[field.name] for part in parts]) for field in fields(Bound)})
