"""Where training batches come from: scenes drawn when asked for, each from a stream of its split and batch number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import torch

from ..errors import ConfigurationError
from ..physics import Array, Hardware, Scenario, Scenes, draw, scenario_array
from ..physics.scenes.scenario import SymbolKind
from ..rng import stream
from .batch import Inputs, Labels, batch_from

Split = Literal["train", "validation", "test"]
"""The three uses of scenes; each has random streams of its own."""


def stream_name(split: Split) -> str:
    """Name of the random streams that the scenes of a split are drawn from."""
    return f"scenes/{split}"


@runtime_checkable
class BatchSource(Protocol):
    """Batches by number: all that training asks of data.

    >>> from ris_pytorch_pipeline.data import SceneSource
    >>> from ris_pytorch_pipeline.physics import preset
    >>> class Doubled:  # a source of one's own: every batch twice
    ...     def __init__(self, source: BatchSource) -> None:
    ...         self.source = source
    ...     def __len__(self) -> int:
    ...         return 2 * len(self.source)
    ...     def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
    ...         return self.source[index // 2]
    >>> source = Doubled(SceneSource(scenario=preset("random"), split="train", seed=0, scenes=64, batch=32))
    >>> isinstance(source, BatchSource), len(source)
    (True, 4)
    """

    def __len__(self) -> int:
        """How many batches."""
        ...

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        """Batch `index`, the same each time."""
        ...


@runtime_checkable
class SharedSource(BatchSource, Protocol):
    """Batches of which a process of several can have its rows without the cost of the others.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> source = SceneSource(scenario=scenario, split="train", seed=0, scenes=8, batch=8)
    >>> isinstance(source, SharedSource), len(source.part(0, slice(4, 6))[0])
    (True, 2)
    """

    def part(self, index: int, rows: slice) -> tuple[Inputs, Labels]:
        """The scenes `rows` of batch `index`; the slice has a start and a stop, and no step."""
        ...


def part_of(source: BatchSource, index: int, rows: slice) -> tuple[Inputs, Labels]:
    """The scenes `rows` of batch `index` of a source, made alone where the source can do that.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> source = SceneSource(scenario=scenario, split="train", seed=0, scenes=8, batch=8)
    >>> inputs, labels = part_of(source, 0, slice(4, 6))
    >>> torch.equal(labels.sources, source[0][1].sources[4:6])
    True

    Args:
        source: of batches.
        index: which batch.
        rows: the scenes, with a start and a stop.

    Returns:
        Inputs and labels of these scenes; they are those of the whole batch, up to rounding.
    """
    if isinstance(source, SharedSource):
        return source.part(index, rows)
    inputs, labels = source[index]
    return inputs[rows], labels[rows]


@dataclass(frozen=True, kw_only=True)
class SceneSource:
    """Batches of scenes drawn on the fly: batch i is a function of scenario, seed, split and `first` + i alone.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> source = SceneSource(scenario=scenario, split="train", seed=0, scenes=10, batch=4)
    >>> len(source), len(source[2][0])  # batches, and scenes of the last of them
    (3, 2)
    >>> source.epoch(5).first  # number of its first batch in the stream: no epoch repeats another
    15
    >>> len(source.part(0, slice(1, 3))[0]), len(source.drawn(0)), source.drawn(0, slice(1, 3)).truth.sources.shape
    (2, 4, torch.Size([2]))

    Args:
        scenario: what to draw from.
        split: names the random streams, so that two splits never share a scene.
        seed: of the streams.
        scenes: how many in all; the last batch may be smaller.
        batch: scenes per batch.
        first: number of the first batch in its stream; `epoch` sets it.
        device: where scenes are drawn.
        kinds: of symbols, which the batches of the stream take in turns; none leaves them to the scenario.
        hardware: that scenes are drawn behind; None is a nominal panel.

    Raises:
        ConfigurationError: a count below 1 or an unknown split.
    """

    scenario: Scenario
    split: Split
    seed: int
    scenes: int
    batch: int
    first: int = 0
    device: str = "cpu"
    kinds: tuple[SymbolKind, ...] = ()
    hardware: Hardware | None = None

    def __post_init__(self) -> None:
        for name, least in {"scenes": 1, "batch": 1, "first": 0}.items():
            if vars(self)[name] < least:
                raise ConfigurationError(
                    f"{name} >= {least}", str(vars(self)[name]), "a budget of zero, or a sign", "raise it"
                )
        if self.split not in ("train", "validation", "test"):
            raise ConfigurationError(
                "a split out of train, validation, test", repr(self.split), "a misspelt name", "pick one of them"
            )

    @cached_property
    def array(self) -> Array:
        """The array of the scenario."""
        return scenario_array(self.scenario)

    def __len__(self) -> int:
        return -(-self.scenes // self.batch)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        """Batch `index` of this source, complex64."""
        return batch_from(self.drawn(index), self.array)

    def part(self, index: int, rows: slice) -> tuple[Inputs, Labels]:
        """The scenes `rows` of batch `index`, complex64."""
        return batch_from(self.drawn(index, rows), self.array)

    def drawn(self, index: int, rows: slice | None = None) -> Scenes:
        """The scenes of batch `index`, or some of them, complex64.

        Raises:
            IndexError: beyond the last batch.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        size = min(self.batch, self.scenes - index * self.batch)
        number, scenario = self.first + index, self.scenario
        if self.kinds:
            scenario = replace(scenario, symbols=self.kinds[number % len(self.kinds)])
        generator = stream(self.seed, stream_name(self.split), number, self.device)
        if rows is None:
            return draw(scenario, self.batch, generator, torch.complex64, hardware=self.hardware)[:size]
        rows = slice(rows.start, min(rows.stop, size))
        return draw(scenario, self.batch, generator, torch.complex64, rows=rows, hardware=self.hardware)

    def __iter__(self) -> Iterator[tuple[Inputs, Labels]]:
        for index in range(len(self)):
            yield self[index]

    def epoch(self, number: int) -> "SceneSource":
        """The same number of scenes that no other epoch has seen: epoch 0 starts at batch 0 of the stream."""
        return replace(self, first=number * len(self))


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """Batches of another source in another order.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> source = SceneSource(scenario=scenario, split="train", seed=0, scenes=12, batch=4)
    >>> turned = Reordered(source=source, order=(2, 0))
    >>> len(turned), torch.equal(turned[0][1].sources, source[2][1].sources)
    (2, True)
    >>> len(turned.part(1, slice(0, 3))[0])  # three scenes of batch 0
    3

    Args:
        source: of the batches.
        order: the numbers they have there.
    """

    source: BatchSource
    order: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        """Batch `index` of the new order."""
        return self.source[self.order[index]]

    def part(self, index: int, rows: slice) -> tuple[Inputs, Labels]:
        """The scenes `rows` of batch `index` of the new order."""
        return part_of(self.source, self.order[index], rows)
