"""How many scenes has each batch of a plan? Counted when asked for, so that a plan of any size takes no memory."""

from collections.abc import Sequence
from typing import overload


class Sizes(Sequence[int]):
    """Scenes of each batch: all of one size, and a last one that may be smaller.

    Args:
        scenes: in all.
        batch: scenes of a batch.
        most: batches that are used; None uses all.

    >>> list(Sizes(10, 4)), sum(Sizes(10**12, 10**11)), len(Sizes(10**12, 2))
    ([4, 4, 2], 1000000000000, 500000000000)
    """

    def __init__(self, scenes: int, batch: int, most: int | None = None) -> None:
        self.scenes, self.batch = scenes, batch
        self._count = -(-scenes // batch) if most is None else min(most, -(-scenes // batch))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        """The size of a batch, or of some of them.

        Raises:
            IndexError: beyond the last batch.
        """
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._count))]
        number = index + self._count if index < 0 else index
        if not 0 <= number < self._count:
            raise IndexError(f"batch {index} of {self._count}")
        return min(self.batch, self.scenes - number * self.batch)

    @property
    def least(self) -> int:
        """Scenes of the smallest batch."""
        return self[-1]

    @property
    def total(self) -> int:
        """Scenes of all batches."""
        return min(self.scenes, self._count * self.batch)


class Windows(Sequence[range]):
    """The batches of each update: as many as are accumulated, and none is dropped.

    Args:
        batches: of an epoch.
        accumulation: batches of an update; the last window may be shorter.

    >>> list(Windows(5, 2))
    [range(0, 2), range(2, 4), range(4, 5)]
    """

    def __init__(self, batches: int, accumulation: int) -> None:
        self._batches, self._each = batches, accumulation

    def __len__(self) -> int:
        return -(-self._batches // self._each)

    @overload
    def __getitem__(self, index: int) -> range: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[range]: ...
    def __getitem__(self, index: int | slice) -> range | Sequence[range]:
        """The batches of an update, or of some of them.

        Raises:
            IndexError: beyond the last update.
        """
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"update {index} of {len(self)}")
        return range(number * self._each, min((number + 1) * self._each, self._batches))
