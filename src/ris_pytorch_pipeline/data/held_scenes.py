"""Which batches are kept in memory? Those of another source, as far as a budget of bytes goes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from ..errors import ConfigurationError
from .batch import Inputs, Labels
from .dataset import BatchSource, part_of


@dataclass(frozen=True, eq=False)
class HeldScenes:
    """Batches kept in memory, drawn from another source when first asked for: the same scenes, once computed.

    Batches are held until the budget is spent; the others are taken from the source each time they are asked for.
    Either way the answer is the same, so that a budget changes the time a run takes and nothing else.

    >>> from ris_pytorch_pipeline.data import SceneSource
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> held = HeldScenes(SceneSource(scenario=scenario, split="validation", seed=0, scenes=8, batch=4))
    >>> inputs, labels = held[0]
    >>> held[0][0] is inputs, held.needed_bytes == 2 * held.held_bytes
    (True, True)
    >>> some, _ = held.part(1, slice(1, 3))  # of a batch that is not held: two scenes are drawn, and held
    >>> len(some), held.part(1, slice(1, 3))[0] is some
    (2, True)

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


def batch_bytes(inputs: Inputs, labels: Labels) -> int:
    """Memory of the tensors of a batch, in bytes.

    >>> from ris_pytorch_pipeline.data import SceneSource
    >>> from ris_pytorch_pipeline.physics import preset
    >>> source = SceneSource(scenario=preset("random"), split="train", seed=0, scenes=4, batch=4)
    >>> round(batch_bytes(*source[0]) / 2**10)  # kilobytes of 4 scenes of 12 x 12 elements
    241
    """
    parts = (*vars(inputs).values(), *vars(inputs.observation).values(), *vars(labels).values())
    return sum(x.numel() * x.element_size() for x in parts if isinstance(x, torch.Tensor))
