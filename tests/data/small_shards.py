"""What the tests of shards share: a small scenario, a plan of four shards, and what an error must say."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ris_pytorch_pipeline.data import SceneSource, ShardPlan
from ris_pytorch_pipeline.data.dataset import Split
from ris_pytorch_pipeline.errors import RisError
from ris_pytorch_pipeline.physics import Scenario, preset

SMALL = preset("random", horizontal=4, vertical=3, antennas=4, snapshots=4, sources=(1, 2), separation=0.0)
COUNTS: Mapping[Split, int] = {"train": 22, "validation": 6}
FILES = ["train-00000", "train-00001", "train-00002", "validation-00000"]


def plan(scenario: Scenario = SMALL, **changes: Any) -> ShardPlan:
    config = json.loads(json.dumps(asdict(scenario)))
    values = {"seed": 3, "splits": COUNTS, "batch": 4, "per_shard": 8} | changes
    return ShardPlan(scenario=scenario, config=config, **values)


def drawn(split: Split, scenes: int, batch: int, scenario: Scenario = SMALL) -> SceneSource:
    return SceneSource(scenario=scenario, split=split, seed=3, scenes=scenes, batch=batch)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def four_parts(error: RisError, *parts: str) -> None:
    assert all((error.wanted, error.got, error.cause, error.move))
    for part in parts:
        assert part in str(error), str(error)
