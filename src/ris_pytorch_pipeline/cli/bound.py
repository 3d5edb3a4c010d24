"""`ris bound`: the Cramér-Rao bound of drawn scenes, its median and 90th percentile over all sources."""

import argparse

from ..bench import bound_quantiles
from ..bounds import scene_bound
from ..data import simulate
from .arguments import experiment_of
from .output import Bar, print_json, print_table, table_of


def run(arguments: argparse.Namespace) -> None:
    """Draw the scenes that `ris simulate` would write, bound them, and print the quantiles."""
    experiment = experiment_of(arguments)
    with Bar("simulating") as bar:
        scenes = simulate(experiment.scenario, experiment.scenes, experiment.seed, progress=bar)
    quantiles = bound_quantiles(scene_bound(scenes))
    if arguments.json:
        facts = {"scenes": len(scenes), "config": experiment.to_plain(), "digest": experiment.digest}
        print_json(quantiles | facts)
        return
    table = table_of(f"Cramér-Rao bound, {len(scenes)} scenes", ("standard deviation", "median", "90th percentile"))
    for key, value in quantiles.items():
        name, unit = key.split("_")
        sign = "°" if unit == "deg" else " m"
        table.add_row(name, f"{value['median']:.3g}{sign}", f"{value['p90']:.3g}{sign}")
    print_table(table)
    print(f"configuration {experiment.digest}")
