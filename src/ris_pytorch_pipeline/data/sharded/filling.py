"""How does one shard come about? It is kept if it is there as the manifest says, and drawn and written whole if not."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...files import regular_size
from ..dataset import SceneSource, Split
from ..scene_file import load_scenes, save_scenes
from ..seen import HASH
from ..simulation import joined
from .manifest import file_digest, shard_name
from .manifest_schema import Shard
from .shard_plan import ShardPlan


@dataclass(frozen=True, kw_only=True)
class Place:
    """A shard to be written or kept.

    Args:
        folder: of the shards.
        plan: of all of them.
        split: of the shard.
        number: of the shard in its split.
        listed: what the manifest says of it; None where it lists none of that number.
    """

    folder: Path
    plan: ShardPlan
    split: Split
    number: int
    listed: Shard | None


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A shard that is there.

    Args:
        shard: as the manifest lists it.
        contents: hashes of the measurements of its scenes, 16 bytes each.
        kept: whether an earlier run had written it.
    """

    shard: Shard
    contents: bytes
    kept: bool


def filled(place: Place) -> Filled:
    """A shard of the plan: the one that is there, if nobody changed it, or a new one."""
    kept = _kept(place)
    shard = kept or _written(place)
    scenes = load_scenes(place.folder / shard.file).observation.measurements
    contents = b"".join(hashlib.blake2b(scene.numpy().tobytes(), digest_size=HASH).digest() for scene in scenes)
    return Filled(shard=shard, contents=contents, kept=kept is not None)


def is_whole(folder: Path, shard: Shard) -> bool:
    """Whether a shard is there in its size."""
    return regular_size(folder / shard.file) == shard.bytes


def _kept(place: Place) -> Shard | None:
    """A shard that an earlier run completed and that nobody changed."""
    shard, folder = place.listed, place.folder
    if shard is None or shard.file != shard_name(place.number, place.split) or not is_whole(folder, shard):
        return None
    return shard if file_digest(folder / shard.file) == shard.sha256 else None


def _written(place: Place) -> Shard:
    """Draw a shard and write it whole."""
    plan, manifest = place.plan, place.plan.manifest()
    path, span = place.folder / shard_name(place.number, place.split), manifest.span(place.number, place.split)
    source = SceneSource(
        scenario=plan.scenario, split=place.split, seed=plan.seed, scenes=plan.splits[place.split], batch=plan.batch,
        hardware=plan.hardware,
    )  # fmt: skip
    drawn = joined([source.drawn(index) for index in range(span.start // plan.batch, -(-span.stop // plan.batch))])
    config = manifest.shard_config(place.number, place.split)
    save_scenes(path, drawn.observation, drawn.truth, config=config, note=f"simulated{manifest.behind}", overwrite=True)
    return Shard(file=path.name, scenes=len(span), bytes=path.stat().st_size, sha256=file_digest(path))
