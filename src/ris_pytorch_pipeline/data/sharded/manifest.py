"""What does a folder of shards hold? Its manifest: a plan at first, filled in as shards are completed."""

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, cast

from ...errors import SceneFileError
from ...files import (
    SEAL,
    blank,
    cause,
    check_seal,
    move,
    open_regular,
    parse_document,
    read_regular,
    reason,
    sealed,
    write_whole,
)
from ...physics import Array, Impairments, Scenario, scenario_array
from ..behind import shown_behind
from ..dataset import Split
from ..digest import completed, config_digest
from .manifest_schema import Shard, check_manifest

SHARD_SCHEMA, SHARD_VERSION = "ris-shards", 1
"""Name and version of the schema; another one is refused."""
MANIFEST = "manifest.json"
"""Name of the file."""
_MOST_BYTES = 2**26
"""Of a manifest: some hundred thousand shards."""


def scenario_in_full(values: Mapping[str, Any]) -> dict[str, Any]:
    """A plain scenario with every field: what was added since it was written, or says nothing, has its default.

    >>> scenario_in_full({"horizontal": 6})["vertical"]
    12

    Args:
        values: as `plain` gives them.
    """
    return completed(values, json.loads(json.dumps(asdict(Scenario()))))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The manifest of a folder of shards.

    >>> from ris_pytorch_pipeline.data import ShardPlan
    >>> from ris_pytorch_pipeline.physics import Scenario
    >>> plan = ShardPlan(scenario=Scenario(), config={}, seed=0, splits={"train": 100}, batch=10, per_shard=40)
    >>> manifest = plan.manifest()  # of which no shard is written yet
    >>> manifest.planned("train"), manifest.span(2, "train"), manifest.shards
    (3, range(80, 100), {'train': ()})
    >>> manifest.shard_config(2, "train")["shard"], manifest.to_plain()["schema"]
    (2, 'ris-shards')
    >>> first = Shard(file="train-00000.safetensors", scenes=40, bytes=123456, sha256="0" * 64)
    >>> len(manifest.with_shard(0, "train", first).shards["train"])  # this one does not change
    1

    Args:
        config: what the shards are a function of: `scenario`, `seed`, `precision`, `batch` (scenes per random stream),
            `per_shard` (scenes per file) and `splits`, each with its `scenes` and the name of its `stream`; and
            `behind` where the scenes were drawn behind calibrated hardware, see `ShardPlan`.
        package: version of the package that wrote them.
        shards: those completed so far, by split and in order.
    """

    config: Mapping[str, Any]
    package: str
    shards: Mapping[Split, tuple[Shard, ...]]

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, and through the digests in it of every scene."""
        return config_digest(self.to_plain())

    @property
    def scenario(self) -> dict[str, Any]:
        """What scenes were drawn from, see `scenario_in_full`."""
        return scenario_in_full(self.config["scenario"])

    @property
    def behind(self) -> str:
        """The calibrated hardware that the scenes were drawn behind, see `shown_behind`."""
        return shown_behind(self.config.get("behind"))

    @property
    def array(self) -> Array:
        """The array of the scenario.

        Raises:
            SceneFileError: values that no scenario has.
            ConfigurationError: numbers of an array that nobody read in this sitting, or values that no scenario takes.
        """
        values: dict[str, Any] = {n: tuple(x) if isinstance(x, list) else x for n, x in self.scenario.items()}
        try:
            values["impairments"] = Impairments(**values["impairments"])
            scenario = Scenario(**values)
        except (TypeError, ValueError, AttributeError) as error:
            raise SceneFileError(
                "a scenario of this package", str(error)[:200], "a manifest that was edited", "simulate the shards anew"
            ) from error
        return scenario_array(scenario)

    def scenes(self, split: Split) -> int:
        """Scenes that the plan has for a split; 0 for one that it does not have."""
        return self.config["splits"][split]["scenes"] if split in self.config["splits"] else 0

    def planned(self, split: Split) -> int:
        """Shards that the plan has for a split."""
        return -(-self.scenes(split) // self.config["per_shard"])

    def span(self, number: int, split: Split) -> range:
        """The scenes of a split that a shard holds."""
        size = self.config["per_shard"]
        return range(number * size, min((number + 1) * size, self.scenes(split)))

    def shard_config(self, number: int, split: Split) -> dict[str, Any]:
        """The configuration in the header of a shard: that of the folder, and the shard's place."""
        return {**self.config, "split": split, "shard": number}

    def with_shard(self, number: int, split: Split, shard: Shard) -> "Manifest":
        """The manifest with a shard completed, or completed anew."""
        held = self.shards[split]
        return replace(self, shards={**self.shards, split: (*held[:number], shard, *held[number + 1 :])})

    def to_plain(self) -> dict[str, Any]:
        """The JSON document."""
        shards = {split: [asdict(shard) for shard in held] for split, held in self.shards.items()}
        return {
            "schema": SHARD_SCHEMA,
            "version": SHARD_VERSION,
            "package": self.package,
            "config": dict(self.config),
            "digest": config_digest(self.config),
            "shards": shards,
        }


def shard_name(number: int, split: Split) -> str:
    """Name of a shard's file."""
    return f"{split}-{number:05d}.safetensors"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal; a link or device is refused.

    Raises:
        SceneFileError: it cannot be read.
    """
    try:
        with open_regular(path) as file:
            digest = hashlib.sha256()
            while chunk := file.read(2**20):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError as error:
        raise SceneFileError(
            "a file that can be read", f"{path}: {reason(error)}", cause(error, "a mistyped path"),
            move(error, "check the path"),
        ) from error  # fmt: skip


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, whole or not at all, with a digest of its text.

    Raises:
        SceneFileError: it cannot be written.
    """
    path = folder / MANIFEST
    text = json.dumps(manifest.to_plain() | {SEAL: blank()}, indent=1, separators=(",", ":"), allow_nan=False) + "\n"
    try:
        write_whole(path, [sealed(text.encode())])
    except OSError as error:
        raise SceneFileError(
            "a writable file", f"{path}: {reason(error)}", cause(error, "a folder that is gone"),
            "try another folder",
        ) from error  # fmt: skip


def read_manifest(folder: Path | str) -> Manifest:
    """Read and check the manifest of a folder of shards; the shards themselves are not looked at.

    >>> from ris_pytorch_pipeline.data import ShardPlan, write_shards
    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import Scenario
    >>> small = Scenario(horizontal=4, vertical=4)
    >>> _ = write_shards("set", ShardPlan(scenario=small, config=plain(small), seed=0, splits={"test": 8}, batch=4))
    >>> manifest = read_manifest("set")
    >>> manifest.scenes("test"), [shard.file for shard in manifest.shards["test"]]
    (8, ['test-00000.safetensors'])

    Args:
        folder: of the shards.

    Returns:
        The manifest.

    Raises:
        SceneFileError: none, a link, no JSON, another schema or version, a foreign, missing or wrong key, a file named
            that is not of the plan, or a configuration that was edited.

    Warns:
        UserWarning: an earlier version wrote it, without a digest of its text.
    """
    path = Path(folder) / MANIFEST
    try:
        text = read_regular(path, _MOST_BYTES)
        values = parse_document(text)
    except OSError as error:
        write = "write it with `ris simulate --shards`"
        _refuse(path, reason(error), cause(error, "a mistyped folder"), move(error, write))
    except ValueError as error:
        _refuse(path, f"no JSON ({error})", "a file edited by hand, or cut short", "write the shards anew")
    if not isinstance(values, dict) or values.get("schema") != SHARD_SCHEMA:
        _refuse(path, "another schema", "a manifest of another program", "pass a folder of `ris simulate --shards`")
    if values.get("version") != SHARD_VERSION:
        got = f"version {values.get('version')!r:.40}"
        _refuse(path, got, "shards of another release of this package", "write them anew, or install that release")
    seal = values.pop(SEAL, None)
    try:
        found = check_manifest(values)
    except ValueError as error:
        _refuse(path, f"a missing or foreign key or value ({error})", "a file edited by hand", "write the shards anew")
    shards = cast("dict[Split, tuple[Shard, ...]]", found.shards)  # whose names are checked
    manifest = Manifest(config=values["config"], package=found.package, shards=shards)
    if manifest.to_plain() != values:
        got = "digest and configuration that differ"
        _refuse(path, got, "a file edited by hand", "write the shards anew")
    _check_text(path, text, seal)
    return manifest


def _check_text(path: Path, text: bytes, seal: object) -> None:
    """Compare a document with the digest in it."""
    if seal is None:
        warnings.warn(f"{path} has no digest of its text, as manifests of earlier versions: not verified", stacklevel=3)
    elif not isinstance(seal, str) or not check_seal(text, seal):
        _refuse(path, "another text than its digest says", "a damaged disk, or a file edited by hand", "copy it again")


def _refuse(path: Path, got: str, cause: str, move: str) -> NoReturn:
    raise SceneFileError(f"a {SHARD_SCHEMA} manifest of version {SHARD_VERSION}", f"{path}: {got}", cause, move)
