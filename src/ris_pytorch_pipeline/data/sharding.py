"""How are shards written? One file at a time, so that an interrupted simulation goes on where it stopped."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__
from ..errors import ConfigurationError, InfeasibleError, InputError, SceneFileError
from ..files import Lock, is_there, is_working_file, make_folder, reason, regular_size, remove_old_leftovers
from ..physics import Scenario
from ..physics.scenario import ends
from .dataset import SceneSource, Split, stream_name
from .digest import differences
from .manifest import MANIFEST, Manifest, Shard, file_digest, read_manifest, shard_name, write_manifest
from .scene_file import load_scenes, save_scenes
from .simulation import joined

PRECISION = "complex64"
"""Of the scenes in shards, as training draws them."""
_SHARD_BYTES = 2**26
"""About the size of a shard, where its number of scenes is not given."""


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """What a folder of shards is to hold.

    Args:
        scenario: what to draw from.
        config: the same scenario as plain values, for the manifest.
        seed: of the random streams.
        splits: scenes of each split.
        batch: scenes per random stream; shards hold the scenes that training with this batch would draw.
        per_shard: scenes per file, a multiple of `batch`; None takes as many as fit in about 64 MB.

    Raises:
        ConfigurationError: no split, a count below 1, or a shard that would end within a stream.
    """

    scenario: Scenario
    config: Mapping[str, Any]
    seed: int
    splits: Mapping[Split, int]
    batch: int = 32
    per_shard: int | None = None

    def __post_init__(self) -> None:
        if not self.splits:
            raise ConfigurationError("at least one split", "none", "a list left empty", "name one, as in train=4096")
        for name, count in {**self.splits, "batch": self.batch}.items():
            if count < 1:
                raise ConfigurationError(f"{name} >= 1", str(count), "a count left at zero, or a sign", "raise it")
        if self.per_shard is not None and (self.per_shard < 1 or self.per_shard % self.batch):
            raise ConfigurationError(
                f"scenes per shard as a multiple of the batch, which is {self.batch}", str(self.per_shard),
                "a shard that would end within a random stream", "round it",
            )  # fmt: skip

    @property
    def shard_scenes(self) -> int:
        """Scenes per file."""
        fitting = _SHARD_BYTES // (scene_bytes(self.scenario) * self.batch) * self.batch
        return self.per_shard or max(self.batch, fitting)

    def manifest(self) -> Manifest:
        """The manifest of this plan, with no shard completed."""
        splits = {split: {"scenes": n, "stream": stream_name(split)} for split, n in self.splits.items()}
        config = {
            "scenario": dict(self.config),
            "seed": self.seed,
            "precision": PRECISION,
            "batch": self.batch,
            "per_shard": self.shard_scenes,
            "splits": splits,
        }
        return Manifest(config=config, package=__version__, shards=dict.fromkeys(self.splits, ()))


@dataclass(frozen=True, kw_only=True)
class Sharded:
    """What came of writing shards.

    Args:
        manifest: of the folder, complete.
        kept: shards that an earlier run had completed, verified by their digests.
        written: shards written now.
    """

    manifest: Manifest
    kept: int
    written: int


def scene_bytes(scenario: Scenario) -> int:
    """Bytes of a scene on disk, in complex64."""
    snapshots, antennas, elements = scenario.snapshots, scenario.antennas, scenario.elements
    sources = int(ends(scenario.sources)[1])
    codes = elements * snapshots * (1 + scenario.impairments.at_panel)
    channel = elements * antennas * (1 + (scenario.impairments.channel_error_db is not None))
    each = snapshots * antennas + codes + channel + snapshots * sources
    return 8 * each * scenario.frequencies + 4 * 5 * sources + 16


def write_shards(
    folder: Path | str, plan: ShardPlan, progress: Callable[[int, int, str], None] | None = None
) -> Sharded:  # fmt: skip
    """Simulate into shards; the same call again goes on after an interruption.

    Shards that the manifest lists are kept if their digests hold and written anew otherwise.

    Args:
        folder: made if it does not exist.
        plan: what to write.
        progress: called with the scenes done, those in all, and the split.

    Returns:
        What was written and what was kept.

    Raises:
        SceneFileError: a folder that holds anything else, or that cannot be written.
        ConfigurationError: another process writes in the folder.
        InfeasibleError: not enough space.
        InputError: a scene that is there twice.
    """
    folder = Path(folder)
    manifest = _settled(folder, plan.manifest())
    _check_space(folder, manifest, scene_bytes(plan.scenario))
    make_folder(folder)
    with Lock(folder):
        remove_old_leftovers(folder)
        return _all_written(folder, plan, _settled(folder, plan.manifest()), progress)


def _all_written(
    folder: Path, plan: ShardPlan, manifest: Manifest, progress: Callable[[int, int, str], None] | None
) -> Sharded:  # fmt: skip
    """Every shard of the plan, in a folder that nobody else writes in."""
    write_manifest(folder, manifest)
    seen: set[bytes] = set()
    kept, done, total = 0, 0, sum(plan.splits.values())
    for split, number in _places(manifest):
        shard = _kept(folder, manifest, number, split)
        if shard is None:
            shard = _written(folder, plan, manifest, number, split)
        else:
            kept += 1
        _check_new(folder / shard.file, seen)
        manifest = manifest.with_shard(number, split, shard)
        write_manifest(folder, manifest)
        done += shard.scenes
        if progress is not None:
            progress(done, total, split)
    return Sharded(manifest=manifest, kept=kept, written=len(list(_places(manifest))) - kept)


def _places(manifest: Manifest) -> Iterator[tuple[Split, int]]:
    """Every shard of the plan: its split, and its number in it."""
    for split in manifest.shards:
        for number in range(manifest.planned(split)):
            yield split, number


def _settled(folder: Path, planned: Manifest) -> Manifest:
    """The manifest to go on from: that of the folder if it is of the same plan, else the new one if there is nothing.

    Raises:
        SceneFileError: the folder holds anything else.
    """
    if is_there(folder / MANIFEST):
        held = read_manifest(folder)
        differ = list(differences(_identity(held), _identity(planned)))
        if differ:
            _refuse(f"shards of this very configuration in {folder}", f"{'; '.join(differ[:3])} (there, asked for)")
        return held
    if not _is_free(folder):
        _refuse("a new or empty folder, or one of the same shards", f"{folder}, which holds something else")
    return planned


def _is_free(folder: Path) -> bool:
    """Whether a folder is not there, or holds nothing but what a run that was killed left behind.

    Raises:
        SceneFileError: nobody may look into it.
    """
    try:
        return not is_there(folder) or all(is_working_file(path) for path in folder.iterdir())
    except NotADirectoryError:
        return False
    except OSError as error:
        raise SceneFileError(
            "a folder to write to", f"{folder}: {reason(error)}", "no permission", "pick another folder"
        ) from error


def _identity(manifest: Manifest) -> dict[str, Any]:
    return {**manifest.config, "package": manifest.package}


def _refuse(wanted: str, got: str) -> NoReturn:
    raise SceneFileError(wanted, got, "an earlier simulation, or a mistyped folder", "pick another folder")


def _check_space(folder: Path, manifest: Manifest, each: int) -> None:
    """Refuse to start what will not fit.

    Raises:
        InfeasibleError: with the space needed.
    """
    planned = sum(manifest.scenes(split) for split in manifest.shards)
    there = (_listed(folder, manifest, n, split) for split, held in manifest.shards.items() for n in range(len(held)))
    needed = each * (planned - sum(shard.scenes for shard in there if shard is not None))
    disk = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(disk).free
    if needed > free:
        raise InfeasibleError(
            f"{needed / 1e6:.0f} MB free in {folder}", f"{free / 1e6:.0f} MB", "a full disk, or too many scenes",
            "free some space, pick another disk, or ask for fewer scenes",
        )  # fmt: skip


def _listed(folder: Path, manifest: Manifest, number: int, split: Split) -> Shard | None:
    """A shard that the manifest lists and that is there in its size."""
    held, path = manifest.shards[split], folder / shard_name(number, split)
    there = number < len(held) and regular_size(path) == held[number].bytes
    return held[number] if there else None


def _kept(folder: Path, manifest: Manifest, number: int, split: Split) -> Shard | None:
    """A shard that an earlier run completed and that nobody changed."""
    shard = _listed(folder, manifest, number, split)
    return shard if shard is not None and file_digest(folder / shard.file) == shard.sha256 else None


def _written(folder: Path, plan: ShardPlan, manifest: Manifest, number: int, split: Split) -> Shard:
    """Draw a shard and write it whole."""
    path, span = folder / shard_name(number, split), manifest.span(number, split)
    source = SceneSource(
        scenario=plan.scenario, split=split, seed=plan.seed, scenes=plan.splits[split], batch=plan.batch
    )
    drawn = joined([source.drawn(index) for index in range(span.start // plan.batch, -(-span.stop // plan.batch))])
    config = manifest.shard_config(number, split)
    save_scenes(path, drawn.observation, drawn.truth, config=config, note="simulated", overwrite=True)
    return Shard(file=path.name, scenes=len(span), bytes=path.stat().st_size, sha256=file_digest(path))


def _check_new(path: Path, seen: set[bytes]) -> None:
    """Refuse a scene whose measurements were seen in any shard before.

    Raises:
        InputError: naming the file and the scene.
    """
    for index, scene in enumerate(load_scenes(path).observation.measurements):
        content = hashlib.blake2b(scene.numpy().tobytes(), digest_size=16).digest()
        if content in seen:
            raise InputError(
                "scenes of which no two are the same, in all splits", f"scene {index} of {path} a second time",
                "a file copied under another name, or two splits drawn from one stream", "simulate into a new folder",
            )  # fmt: skip
        seen.add(content)
