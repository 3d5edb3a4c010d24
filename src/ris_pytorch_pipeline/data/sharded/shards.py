"""How are batches read from shards? A batch at a time, from as many files as it spans."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ...errors import ConfigurationError, SceneFileError
from ...files import regular_size
from ...physics import Array, Scenes
from ..batch import Inputs, Labels, batch_from
from ..dataset import Split
from ..scene_file import load_scenes
from ..simulation import joined
from .manifest import Manifest, file_digest, read_manifest


@dataclass(frozen=True, kw_only=True)
class Shards:
    """A folder of shards.

    >>> from ris_pytorch_pipeline.data import ShardPlan, write_shards
    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> small = preset("random", horizontal=4, vertical=4)
    >>> _ = write_shards("set", ShardPlan(scenario=small, config=plain(small), seed=0, splits={"test": 8}, batch=4))
    >>> shards = open_shards("set")
    >>> shards.verify()  # reads every file, and says nothing if none was altered
    >>> shards.check_sizes("test")  # looks at the sizes of the files only
    >>> shards.scenes("test", 6, 8).observation.measurements.shape  # the last two
    torch.Size([2, 16, 16])

    Args:
        folder: where they are.
        manifest: what they are.
    """

    folder: Path
    manifest: Manifest
    _verified: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """Files whose digest was compared: a batch does not do it again."""

    def source(self, split: Split, scenes: int, batch: int) -> "ShardSource":
        """The first scenes of a split, in batches.

        Raises:
            ConfigurationError: fewer scenes than asked for, or a count below 1.
            SceneFileError: a shard is missing or of another size.
        """
        return ShardSource(shards=self, split=split, scenes=scenes, batch=batch)

    def check_sizes(self, split: Split) -> None:
        """Refuse a split with a shard that is missing or of another size.

        Raises:
            SceneFileError: naming the first one.
        """
        held, planned = self.manifest.shards[split], self.manifest.planned(split)
        if len(held) < planned:
            raise SceneFileError(
                f"{planned} complete {split} shards", f"{len(held)} in {self.folder}", "a simulation interrupted",
                "run the same `ris simulate` command again; it goes on",
            )  # fmt: skip
        for shard in held:
            path = self.folder / shard.file
            size = regular_size(path)
            if size != shard.bytes:
                got = "no such file" if size is None else f"{size} bytes"
                self._refuse(f"{shard.bytes} bytes in {path}", got, "a copy cut short, a file removed, or a link")

    def verify(
        self, splits: Sequence[Split] | None = None, progress: Callable[[int, int, str], None] | None = None
    ) -> None:
        """Read every shard and compare its SHA-256 with the manifest.

        Args:
            splits: to read; None reads all that are held.
            progress: called with the scenes read, those in all, and the split.

        Raises:
            SceneFileError: naming the first shard that is missing or altered.
        """
        splits = list(self.manifest.shards) if splits is None else splits
        done, total = 0, sum(self.manifest.scenes(split) for split in splits)
        for split in splits:
            self.check_sizes(split)
            for shard in self.manifest.shards[split]:
                found = file_digest(self.folder / shard.file)
                if found != shard.sha256:
                    self._refuse(f"SHA-256 {shard.sha256} of {self.folder / shard.file}", found, "an altered file")
                self._verified.add(shard.file)
                done += shard.scenes
                if progress is not None:
                    progress(done, total, split)

    def scenes(self, split: Split, first: int, last: int) -> Scenes:
        """Scenes `first` to `last` - 1 of a split.

        Raises:
            SceneFileError: a file of other shards, or a scene that is not finite.
        """
        size, parts = self.manifest.config["per_shard"], []
        for number in range(first // size, (last - 1) // size + 1):
            name, start = self.manifest.shards[split][number].file, number * size
            path, check = self.folder / name, name not in self._verified
            found = load_scenes(path, max(first - start, 0), min(last - start, size), check=check)
            self._verified.add(name)
            if found.header.config != self.manifest.shard_config(number, split) or found.scenes is None:
                self._refuse(f"{split} shard {number} of the manifest", f"another one in {path}", "files mixed up")
            parts.append(found.scenes)
        return joined(parts)

    def _refuse(self, wanted: str, got: str, cause: str) -> None:
        move = "run the same `ris simulate` command again; it writes what is wrong anew"
        raise SceneFileError(wanted, got, cause, move)


def open_shards(folder: Path | str) -> Shards:
    """A folder of shards that `ris simulate --shards` wrote.

    >>> from ris_pytorch_pipeline.data import ShardPlan, write_shards
    >>> from ris_pytorch_pipeline.experiment import Experiment, plain
    >>> own = Experiment()
    >>> plan = ShardPlan(scenario=own.scenario, config=plain(own.scenario), seed=own.seed, splits={"test": 32})
    >>> _ = write_shards("shards", plan)
    >>> open_shards("shards").manifest.planned("test")  # files
    1

    Args:
        folder: of the shards.

    Returns:
        The shards; only the manifest has been read.

    Raises:
        SceneFileError: see `read_manifest`.
    """
    return Shards(folder=Path(folder), manifest=read_manifest(folder))


@dataclass(frozen=True, kw_only=True)
class ShardSource:
    """Batches of scenes from shards.

    If `batch` is the one the shards were drawn with, they equal to the last bit those of a `SceneSource` of the same
    scenario, seed and split.

    >>> from ris_pytorch_pipeline.data import ShardPlan, write_shards
    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> small = preset("random", horizontal=4, vertical=4)
    >>> plan = ShardPlan(scenario=small, config=plain(small), seed=0, splits={"train": 8}, batch=4)
    >>> _ = write_shards("training", plan)
    >>> source = open_shards("training").source("train", scenes=6, batch=4)
    >>> len(source), len(source[1][0])  # batches, and scenes of the last of them
    (2, 2)
    >>> len(source.part(0, slice(1, 4))[0])  # three scenes of the first batch; the fourth is not read
    3

    Args:
        shards: where they come from.
        split: which of its splits.
        scenes: how many in all, from the first on; the last batch may be smaller.
        batch: scenes per batch; a batch may span shards.

    Raises:
        ConfigurationError: fewer scenes than asked for, or a count below 1.
        SceneFileError: a shard is missing or of another size.
    """

    shards: Shards
    split: Split
    scenes: int
    batch: int

    def __post_init__(self) -> None:
        held = self.shards.manifest.scenes(self.split)
        if not 1 <= self.scenes <= held:
            raise ConfigurationError(
                f"1 to {held} {self.split} scenes, which is what {self.shards.folder} holds", str(self.scenes),
                "a plan made for a larger set", f"ask for at most {held}, or simulate more into another folder",
            )  # fmt: skip
        if self.batch < 1:
            raise ConfigurationError("batch >= 1", str(self.batch), "a budget of zero, or a sign", "raise it")
        self.shards.check_sizes(self.split)

    @cached_property
    def array(self) -> Array:
        """The array of the scenario; shards may hold it in single precision."""
        return self.shards.manifest.array

    def __len__(self) -> int:
        return -(-self.scenes // self.batch)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        """Batch `index`, complex64."""
        return self.part(index, slice(0, self.batch))

    def part(self, index: int, rows: slice) -> tuple[Inputs, Labels]:
        """The scenes `rows` of batch `index`, complex64; the others are not read.

        Raises:
            IndexError: beyond the last batch.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        first = index * self.batch
        last = min(first + min(rows.stop, self.batch), self.scenes)
        drawn = self.shards.scenes(self.split, first + rows.start, last)
        return batch_from(drawn, self.array)

    def __iter__(self) -> Iterator[tuple[Inputs, Labels]]:
        for index in range(len(self)):
            yield self[index]
