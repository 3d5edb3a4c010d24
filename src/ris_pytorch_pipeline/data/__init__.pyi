from .batch import Inputs, Labels, batch_from, inputs_from, labels_from
from .dataset import (
    BatchSource,
    Reordered,
    SceneSource,
    SharedSource,
    Split,
    part_of,
)
from .digest import config_digest, differences
from .disjoint import check_disjoint, content_hashes
from .header import SCHEMA, VERSION, Header
from .held_scenes import HeldScenes, batch_bytes
from .known_positions import truth_at
from .lag_sums import energy_lags
from .scene_document import SceneDocument, scenes_from_json
from .scene_file import SceneFile, count_scenes, load_scenes, save_scenes
from .sharded.manifest import Manifest, read_manifest, scenario_in_full
from .sharded.manifest_schema import Shard
from .sharded.shard_plan import ShardPlan
from .sharded.sharding import Sharded, write_shards
from .sharded.shards import Shards, ShardSource, open_shards
from .simulation import joined_observations, simulate, simulated_blocks
from .whitening import Prior

__all__ = [
    "SCHEMA",
    "VERSION",
    "BatchSource",
    "Header",
    "HeldScenes",
    "Inputs",
    "Labels",
    "Manifest",
    "Prior",
    "Reordered",
    "SceneDocument",
    "SceneFile",
    "SceneSource",
    "Shard",
    "ShardPlan",
    "ShardSource",
    "Sharded",
    "Shards",
    "SharedSource",
    "Split",
    "batch_bytes",
    "batch_from",
    "check_disjoint",
    "config_digest",
    "content_hashes",
    "count_scenes",
    "differences",
    "energy_lags",
    "inputs_from",
    "joined_observations",
    "labels_from",
    "load_scenes",
    "open_shards",
    "part_of",
    "read_manifest",
    "save_scenes",
    "scenario_in_full",
    "scenes_from_json",
    "simulate",
    "simulated_blocks",
    "truth_at",
    "write_shards",
]
