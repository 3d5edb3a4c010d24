"""`ris simulate --shards`: draw the scenes of each split and write them to a folder of shards."""

import argparse
import time
from typing import get_args

from ...data import ShardPlan, write_shards
from ...data.dataset import Split
from ...errors import ConfigurationError
from ...experiment import Experiment, fit, parse_toml_value
from ...experiment.strict import nearest
from ..options.executing import executor_of
from ..options.scenes.hardware import behind_of, hardware_for
from ..showing.output import Bar, print_json, rate

SPLITS: dict[str, Split] = {**{name: name for name in get_args(Split)}, "val": "validation"}
"""What a split may be called."""
_OF_SHARDS, _OF_ONE_FILE = ("split", "batch", "per_shard", "cluster", "task_limit"), ("force", "double", "scenes")
"""Options that only one of the two forms takes."""


def check_form(arguments: argparse.Namespace) -> None:
    """Refuse a command that names neither a file nor a folder of shards, or both, or options of the other form.

    Raises:
        ConfigurationError: any of these.
    """
    given, shards = vars(arguments), arguments.shards is not None
    if (arguments.out is not None) == shards:
        got = "both" if shards else "neither"
        raise ConfigurationError(
            "OUT.safetensors, or --shards DIR", got, "two ways of writing in one command, or none", "give one of them"
        )
    foreign = [name for name in (_OF_ONE_FILE if shards else _OF_SHARDS) if _was_given(given.get(name))]
    if foreign:
        name = f"--{foreign[0].replace('_', '-')}"
        form = "--shards" if shards else "one scene file"
        raise ConfigurationError(
            f"options that go with {form}", name, "an option of the other form of the command", f"leave out {name}"
        )


def _was_given(value: object) -> bool:
    """Whether an option was: 0 is a value."""
    return value is not None and value is not False


def write_splits(arguments: argparse.Namespace, experiment: Experiment) -> None:
    """Write the shards, and say what is there."""
    begin = time.monotonic()
    with Bar("simulating") as bar:

        def advance(done: int, total: int, split: str) -> None:
            bar(done, total, f"{split}, {rate(done, time.monotonic() - begin)}")

        plan = plan_of(arguments, experiment)
        folder = arguments.shards if arguments.cluster is None else arguments.shards.absolute()
        with executor_of(arguments) as executor:
            done = write_shards(folder, plan, advance, executor)
    manifest = done.manifest
    splits = {
        split: {"scenes": manifest.scenes(split), "shards": len(held), "bytes": sum(shard.bytes for shard in held)}
        for split, held in manifest.shards.items()
    }
    if arguments.json:
        counts = {"kept": done.kept, "written": done.written, "digest": manifest.digest}
        print_json({"folder": str(arguments.shards), "splits": splits, **counts, "config": manifest.config})
        return
    for split, values in splits.items():
        print(f"{split}: {values['scenes']} scenes, {values['bytes'] / 1e6:.1f} MB, shards: {values['shards']}")
    total = sum(values["scenes"] for values in splits.values())
    print(
        f"{total} scenes{manifest.behind}, no two of them the same; shards kept: {done.kept}, written: {done.written}"
    )
    print(f"manifest {manifest.digest}")


def plan_of(arguments: argparse.Namespace, experiment: Experiment) -> ShardPlan:
    """What the command line asks for.

    Raises:
        ConfigurationError: no split, an unknown or repeated one, a count that is none, or `--untold` alone.
        InputError: no calibration in the file that is named, or one of other hardware or codes.
    """
    splits: dict[Split, int] = {}
    for word in arguments.split or []:
        name, _, count = word.partition("=")
        if name not in SPLITS:
            raise ConfigurationError(
                "splits out of train, val, test", repr(name), "a misspelt name", nearest(name, list(SPLITS))
            )
        if SPLITS[name] in splits:
            raise ConfigurationError("each split once", f"{name} again", "a split named twice", "leave one out")
        splits[SPLITS[name]] = fit(int, parse_toml_value(count), f"--split {name}")
    return ShardPlan(
        scenario=experiment.scenario,
        config=experiment.to_plain()["scenario"],
        seed=experiment.seed,
        splits=splits,
        batch=32 if arguments.batch is None else arguments.batch,
        per_shard=arguments.per_shard,
        hardware=hardware_for(arguments, experiment),
        behind=behind_of(arguments),
    )
