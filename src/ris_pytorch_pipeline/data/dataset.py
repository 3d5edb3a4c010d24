"""Where training batches come from: scenes drawn when asked for, each from a stream of its split and batch number."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import torch

from ..errors import ConfigurationError, InputError
from ..physics import Array, Scenario, Scenes, draw, scenario_array
from ..physics.scenario import SymbolKind
from ..rng import stream
from .batch import Inputs, Labels, batch_from

Split = Literal["train", "validation", "test"]
"""The three uses of scenes; each has random streams of its own."""


def stream_name(split: Split) -> str:
    """Name of the random streams that the scenes of a split are drawn from."""
    return f"scenes/{split}"


@runtime_checkable
class BatchSource(Protocol):
    """Batches by number: all that training asks of data."""

    def __len__(self) -> int:
        """How many batches."""
        ...

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        """Batch `index`, the same each time."""
        ...


@runtime_checkable
class SharedSource(BatchSource, Protocol):
    """Batches of which a process of several can have its rows without the cost of the others."""

    def part(self, index: int, rows: slice) -> tuple[Inputs, Labels]:
        """The scenes `rows` of batch `index`; the slice has a start and a stop, and no step."""
        ...


def part_of(source: BatchSource, index: int, rows: slice) -> tuple[Inputs, Labels]:
    """The scenes `rows` of batch `index` of a source, made alone where the source can do that.

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

    Args:
        scenario: what to draw from.
        split: names the random streams, so that two splits never share a scene.
        seed: of the streams.
        scenes: how many in all; the last batch may be smaller.
        batch: scenes per batch.
        first: number of the first batch in its stream; `epoch` sets it.
        device: where scenes are drawn.
        kinds: of symbols, which the batches of the stream take in turns; none leaves them to the scenario.

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
            return draw(scenario, self.batch, generator, torch.complex64)[:size]
        rows = slice(rows.start, min(rows.stop, size))
        return draw(scenario, self.batch, generator, torch.complex64, rows=rows)

    def __iter__(self) -> Iterator[tuple[Inputs, Labels]]:
        for index in range(len(self)):
            yield self[index]

    def epoch(self, number: int) -> "SceneSource":
        """The same number of scenes that no other epoch has seen: epoch 0 starts at batch 0 of the stream."""
        return replace(self, first=number * len(self))


@dataclass(frozen=True, eq=False)
class HeldScenes:
    """Batches kept in memory, drawn from another source when first asked for: the same scenes, once computed.

    Batches are held until the budget is spent; the others are taken from the source each time they are asked for.
    Either way the answer is the same, so that a budget changes the time a run takes and nothing else.

    Args:
        source: where they come from.
        budget: bytes that may be held.
        device: where they are held; batches beyond the budget come on it too.

    Raises:
        ConfigurationError: a negative budget.
    """

    source: BatchSource
    budget: int = 2**31
    device: str = "cpu"
    _held: dict[int | tuple[int, int, int], tuple[Inputs, Labels]] = field(default_factory=dict, init=False, repr=False)
    _bytes: dict[int | tuple[int, int, int], int] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.budget < 0:
            raise ConfigurationError("a budget >= 0 bytes", str(self.budget), "a sign", "pass 0 to hold nothing")

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        """Batch `index`."""
        return self._held[index] if index in self._held else self._keep(index, *self.source[index])

    def part(self, index: int, rows: slice) -> tuple[Inputs, Labels]:
        """The scenes `rows` of batch `index`; where the batch is not held, these alone are."""
        key = (index, rows.start, rows.stop)
        if index in self._held:
            inputs, labels = self._held[index]
            return inputs[rows], labels[rows]
        return self._held[key] if key in self._held else self._keep(key, *part_of(self.source, index, rows))

    def _keep(self, key: int | tuple[int, int, int], inputs: Inputs, labels: Labels) -> tuple[Inputs, Labels]:
        """A batch or a part of one on the device, held if the budget has room for it."""
        batch, size = (inputs.to(self.device), labels.to(self.device)), batch_bytes(inputs, labels)
        if self.held_bytes + size <= self.budget:
            self._held[key], self._bytes[key] = batch, size
        return batch

    def __iter__(self) -> Iterator[tuple[Inputs, Labels]]:
        for index in range(len(self)):
            yield self[index]

    @property
    def held_bytes(self) -> int:
        """Bytes held now."""
        return sum(self._bytes.values())

    @property
    def needed_bytes(self) -> int:
        """Bytes that holding everything would take, by the size of the first batch."""
        return batch_bytes(*self[0]) * len(self)

    @property
    def most_bytes(self) -> int:
        """Bytes that will be held once every batch was asked for."""
        return min(self.budget, self.needed_bytes)


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """Batches of another source in another order.

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


def batch_bytes(inputs: Inputs, labels: Labels) -> int:
    """Memory of the tensors of a batch, in bytes."""
    parts = (*vars(inputs).values(), *vars(inputs.observation).values(), *vars(labels).values())
    return sum(x.numel() * x.element_size() for x in parts if isinstance(x, torch.Tensor))


def content_hashes(source: BatchSource) -> list[str]:
    """SHA-256 of each scene's measurements, in order: two scenes share a hash if and only if they are the same."""
    return [
        hashlib.sha256(scene.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()
        for index in range(len(source))
        for scene in source[index][0].observation.measurements.cpu()
    ]


def check_disjoint(first: BatchSource, second: BatchSource) -> None:
    """Refuse two sources that share a scene.

    Raises:
        InputError: counting the scenes they share.
    """
    shared = set(content_hashes(first)) & set(content_hashes(second))
    if shared:
        raise InputError(
            "training, validation and test scenes of which none is the same",
            f"{len(shared)} scenes in both",
            "one split given twice, or the same file under two names",
            "draw each split from its own stream: SceneSource(split=...)",
        )
