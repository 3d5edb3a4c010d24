"""How are shards written? One file at a time, so that an interrupted simulation goes on where it stopped."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from ...errors import InfeasibleError, InputError, SceneFileError
from ...files import Lock, cause, is_there, is_working_file, make_folder, reason, remove_old_leftovers
from ...tasks import Executor, Here
from ...units import storage
from ..dataset import Split
from ..digest import differences
from ..seen import Seen
from .filling import Filled, Place, filled, is_whole
from .manifest import MANIFEST, Manifest, read_manifest, write_manifest
from .manifest_schema import Shard
from .shard_plan import ShardPlan, scene_bytes

HERE = Here()
"""In this process, one shard after the other."""


@dataclass(frozen=True, kw_only=True)
class Sharded:
    """What came of writing shards.

    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> small = preset("random", horizontal=4, vertical=4)
    >>> plan = ShardPlan(scenario=small, config=plain(small), seed=0, splits={"test": 8}, batch=4, per_shard=4)
    >>> write_shards("set", plan).written, write_shards("set", plan).kept  # the second call finds both files whole
    (2, 2)

    Args:
        manifest: of the folder, complete.
        kept: shards that an earlier run had completed, verified by their digests.
        written: shards written now.
    """

    manifest: Manifest
    kept: int
    written: int


def write_shards(
    folder: Path | str,
    plan: ShardPlan,
    progress: Callable[[int, int, str], None] | None = None,
    executor: Executor = HERE,
) -> Sharded:
    """Simulate into shards; the same call again goes on after an interruption.

    Shards that the manifest lists are kept if their digests hold and written anew otherwise.

    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> small = preset("random", horizontal=4, vertical=4)
    >>> plan = ShardPlan(scenario=small, config=plain(small), seed=0, splits={"test": 8}, batch=4)
    >>> write_shards("hall", plan, progress=lambda done, total, split: print(done, total, split)).written
    8 8 test
    1

    Args:
        folder: made if it does not exist.
        plan: what to write.
        progress: called with the scenes done, those in all, and the split.
        executor: writes the shards; its processes see the same folder. The bytes are the same whoever writes.

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
    _check_space(folder, manifest, scene_bytes(plan.scenario, plan.hardware))
    make_folder(folder)
    with Lock(folder):
        remove_old_leftovers(folder)
        return _all_written(folder, plan, progress, executor)


def _all_written(
    folder: Path, plan: ShardPlan, progress: Callable[[int, int, str], None] | None, executor: Executor
) -> Sharded:  # fmt: skip
    """Every shard of the plan, in a folder that nobody else writes in, listed in order as far as all are there."""
    manifest = _settled(folder, plan.manifest())
    plan = replace(plan, config=manifest.config["scenario"])  # in the words of the folder, as its shards have them
    write_manifest(folder, manifest)
    places, held = list(_places(manifest)), manifest.shards
    tasks = (
        Place(folder=folder, plan=plan, split=split, number=number, listed=_listed(held[split], number))
        for split, number in places
    )
    listing = _Listing(folder, manifest)
    kept, done, total, waiting = 0, 0, sum(plan.splits.values()), dict[int, Filled]()
    with listing:
        for made in executor.carry_out(filled, tasks):
            waiting[made.number] = made.value
            while listing.count in waiting:
                (split, number), place = places[listing.count], waiting.pop(listing.count)
                listing.add(number, split, place)
                kept, done = kept + place.kept, done + place.shard.scenes
                if progress is not None:
                    progress(done, total, split)
    return Sharded(manifest=listing.manifest, kept=kept, written=len(places) - kept)


class _Listing:
    """The shards that are there, in order, and the manifest that lists them.

    The manifest of many shards is long: it is written each time that their number has grown by 1/64, and at the end,
    however that comes. A kill costs at most that share, which the next run writes anew.

    Args:
        folder: of the shards.
        manifest: to go on from.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest, self.count = folder, manifest, 0
        self._seen, self._written = Seen(), 0

    def __enter__(self) -> "_Listing":
        """Begin to list."""
        return self

    def __exit__(self, *_: object) -> None:
        """List all that is there."""
        if self.count > self._written:
            write_manifest(self.folder, self.manifest)

    def add(self, number: int, split: Split, place: Filled) -> None:
        """List the next shard.

        Raises:
            InputError: it holds a scene that was there before.
        """
        _check_new(self.folder / place.shard.file, place.contents, self._seen)
        self.manifest, self.count = self.manifest.with_shard(number, split, place.shard), self.count + 1
        if self.count - self._written >= max(1, self.count // 64):
            write_manifest(self.folder, self.manifest)
            self._written = self.count


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
            "a folder to write to", f"{folder}: {reason(error)}", cause(error, "a damaged disk"), "pick another folder"
        ) from error


def _identity(manifest: Manifest) -> dict[str, Any]:
    return {**manifest.config, "scenario": manifest.scenario, "package": manifest.package}


def _refuse(wanted: str, got: str) -> NoReturn:
    raise SceneFileError(wanted, got, "an earlier simulation, or a mistyped folder", "pick another folder")


def _check_space(folder: Path, manifest: Manifest, each: int) -> None:
    """Refuse to start what will not fit.

    Raises:
        InfeasibleError: with the space needed.
    """
    planned = sum(manifest.scenes(split) for split in manifest.shards)
    there = (shard for held in manifest.shards.values() for shard in held if is_whole(folder, shard))
    needed = each * (planned - sum(shard.scenes for shard in there))
    disk = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(disk).free
    if needed > free:
        raise InfeasibleError(
            f"{storage(needed)} free in {folder}", storage(free), "a full disk, or too many scenes",
            "free some space, pick another disk, or ask for fewer scenes",
        )  # fmt: skip


def _check_new(path: Path, contents: bytes, seen: Seen) -> None:
    """Refuse a scene whose measurements were seen in any shard before.

    Raises:
        InputError: naming the file and the scene.
    """
    index = seen.add(contents)
    if index is not None:
        raise InputError(
            "scenes of which no two are the same, in all splits", f"scene {index} of {path} a second time",
            "a file copied under another name, or two splits drawn from one stream", "simulate into a new folder",
        )  # fmt: skip


def _listed(held: tuple[Shard, ...], number: int) -> Shard | None:
    return held[number] if number < len(held) else None
