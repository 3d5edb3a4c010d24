"""What is a folder of shards to hold? Scenes of each split, cut into files where random streams end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import __version__
from ...errors import ConfigurationError
from ...physics import Hardware, Scenario
from ...physics.scenes.scenario import ends
from ..dataset import Split, stream_name
from .manifest import Manifest

PRECISION = "complex64"
"""Of the scenes in shards, as training draws them."""
_SHARD_BYTES = 2**26
"""About the size of a shard, where its number of scenes is not given."""


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """What a folder of shards is to hold.

    >>> from ris_pytorch_pipeline.experiment import plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random")
    >>> plan = ShardPlan(scenario=scenario, config=plain(scenario), seed=0, splits={"train": 4096})
    >>> plan.shard_scenes, plan.manifest().planned("train")  # scenes of a file of 64 MB, and files
    (1664, 3)

    Args:
        scenario: what to draw from.
        config: the same scenario as plain values, for the manifest.
        seed: of the random streams.
        splits: scenes of each split.
        batch: scenes per random stream; shards hold the scenes that training with this batch would draw.
        per_shard: scenes per file, a multiple of `batch`; None takes as many as fit in about 64 MB.
        hardware: that the scenes are drawn behind; None is a nominal panel.
        behind: the same hardware as plain values, for the manifest: `calibration`, a name and digest, and `told`.

    Raises:
        ConfigurationError: no split, a count below 1, a shard that would end within a stream, or hardware of which the
            manifest would not say what it is.
    """

    scenario: Scenario
    config: Mapping[str, Any]
    seed: int
    splits: Mapping[Split, int]
    batch: int = 32
    per_shard: int | None = None
    hardware: Hardware | None = None
    behind: Mapping[str, Any] | None = None

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
        if (self.hardware is None) != (self.behind is None):
            raise ConfigurationError(
                "`hardware` and `behind` together", "one of them", "shards of which nobody knows their hardware later",
                "give both, or neither",
            )  # fmt: skip

    @property
    def shard_scenes(self) -> int:
        """Scenes per file."""
        fitting = _SHARD_BYTES // (scene_bytes(self.scenario, self.hardware) * self.batch) * self.batch
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
        config |= {} if self.behind is None else {"behind": dict(self.behind)}
        return Manifest(config=config, package=__version__, shards=dict.fromkeys(self.splits, ()))


def scene_bytes(scenario: Scenario, hardware: Hardware | None = None) -> int:
    """Bytes of a scene on disk, in complex64; behind hardware that is not told, codes and channel are there twice.

    Gains of the elements leave the codes as they are, so that a scene is then smaller than this.
    """
    untold = hardware is not None and not hardware.told
    snapshots, antennas, elements = scenario.snapshots, scenario.antennas, scenario.elements
    sources = int(ends(scenario.sources)[1])
    codes = elements * snapshots * (1 + (scenario.impairments.at_panel or untold))
    channel = elements * antennas * (1 + (scenario.impairments.channel_error_db is not None or untold))
    each = snapshots * antennas + codes + channel + snapshots * sources
    places = 3 * elements * bool(scenario.impairments.position_error_wavelengths)
    return 8 * each * len(scenario.wavelengths) + 4 * (5 * sources + places) + 16
