"""What must a manifest say? Its fields and types, and that it names the very files that its plan has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ...files import from_document
from ...physics.arrays import PANEL
from ..dataset import Split

_HEX = re.compile(r"[0-9a-f]{64}")
_MOST_SCENES, _MOST_SIDE = 2**40, 2**16


@dataclass(frozen=True, kw_only=True)
class PlannedSplit:
    """What the plan says of a split.

    Args:
        scenes: how many.
        stream: name of their random streams.
    """

    scenes: int
    stream: str


@dataclass(frozen=True, kw_only=True)
class PlannedHardware:
    """What the plan says of calibrated hardware.

    Args:
        calibration: name and digest of its file.
        told: whether codes and channel of the scenes are those of the hardware.
    """

    calibration: str
    told: bool


@dataclass(frozen=True, kw_only=True)
class PlannedShards:
    """What the configuration of a folder of shards must hold; the scenario is checked where it is used.

    Args:
        scenario: plain values, of a panel with `vertical` and `horizontal`.
        seed: of the random streams.
        precision: of the scenes.
        batch: scenes per random stream.
        per_shard: scenes per file.
        splits: by name.
        behind: calibrated hardware; None, and left out, for a nominal panel.
    """

    scenario: dict[str, Any]
    seed: int
    precision: Literal["complex64"]
    batch: int
    per_shard: int
    splits: dict[str, PlannedSplit]
    behind: PlannedHardware | None


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A scene file of a folder of shards, complete.

    >>> from ris_pytorch_pipeline.data import ShardPlan, write_shards
    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> small = preset("random", horizontal=4, vertical=4)
    >>> plan = ShardPlan(scenario=small, config=plain(small), seed=0, splits={"test": 8}, batch=4, per_shard=4)
    >>> first, second = write_shards("set", plan).manifest.shards["test"]
    >>> second.file, second.scenes, first.sha256 == second.sha256
    ('test-00001.safetensors', 4, False)

    Args:
        file: its name.
        scenes: how many it holds.
        bytes: its size.
        sha256: of its content, hexadecimal.
    """

    file: str
    scenes: int
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class StoredManifest:
    """A manifest, as its JSON document has it.

    Args:
        schema: its name.
        version: of the schema.
        package: version of the package that wrote it.
        config: what the shards are a function of.
        digest: of the configuration.
        shards: by split.
    """

    schema: str
    version: int
    package: str
    config: PlannedShards
    digest: str
    shards: dict[str, tuple[Shard, ...]]


def check_manifest(values: Mapping[str, Any]) -> StoredManifest:
    """Refuse a manifest that this package cannot have written, before any of it is used.

    A file's name is that of its split and number, so that no manifest names a file outside its folder.

    Args:
        values: of the document.

    Returns:
        What it says.

    Raises:
        ValueError: a foreign, missing or wrong field, a count that cannot be, or another file name.
    """
    config = values.get("config")
    found = from_document(
        StoredManifest, {**values, "config": {"behind": None, **config}} if isinstance(config, Mapping) else values
    )
    plan = found.config
    _check(plan.seed >= 0, f"config.seed = {plan.seed}")
    _check(plan.batch >= 1, f"config.batch = {plan.batch}")
    _check(plan.per_shard >= 1 and plan.per_shard % plan.batch == 0, f"config.per_shard = {plan.per_shard}")
    for side in ("vertical", "horizontal") if plan.scenario.get("array", PANEL) == PANEL else ():
        count = plan.scenario.get(side)
        _check(type(count) is int and 1 <= count <= _MOST_SIDE, f"config.scenario.{side} = {count!r:.40}")
    _check(bool(plan.splits) and plan.splits.keys() == found.shards.keys(), "splits and shards of different names")
    for name, split in plan.splits.items():
        _check(name in get_args(Split), f"a split {name[:40]!r}")
        _check(1 <= split.scenes <= _MOST_SCENES, f"config.splits.{name}.scenes = {split.scenes}")
        _check_shards(name, split.scenes, plan.per_shard, found.shards[name])
    return found


def _check_shards(split: str, scenes: int, each: int, shards: tuple[Shard, ...]) -> None:
    _check(len(shards) <= -(-scenes // each), f"{len(shards)} {split} shards")
    for number, shard in enumerate(shards):
        held = min(each, scenes - number * each)
        _check(shard.file == f"{split}-{number:05d}.safetensors", f"file = {shard.file[:60]!r} as {split} {number}")
        _check(shard.scenes == held, f"{shard.scenes} scenes in {split} shard {number}")
        _check(shard.bytes >= 0 and bool(_HEX.fullmatch(shard.sha256)), f"size or digest of {split} shard {number}")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)
