"""When does a loss become a number? At once on the CPU, in bunches where reading would make the device wait."""

from collections.abc import Iterator

import torch
from torch import Tensor

_BUNCH = 16


class Unread:
    """Losses that nobody has read yet, by name."""

    def __init__(self) -> None:
        self._tensors: dict[str, list[Tensor]] = {}

    def keep(self, name: str, loss: Tensor) -> bool:
        """Keep a loss.

        Args:
            name: which loss.
            loss: its value, without a graph.

        Returns:
            True where it is time to read.
        """
        kept = self._tensors.setdefault(name, [])
        kept.append(loss)
        return loss.device.type == "cpu" or len(kept) >= _BUNCH

    def take(self) -> Iterator[tuple[str, list[float]]]:
        """Name and numbers of all that was kept, with one transfer a name.

        Yields:
            Each name once.
        """
        unread, self._tensors = self._tensors, {}
        for name, tensors in unread.items():
            yield (
                name,
                [tensors[0].item()] if len(tensors) == 1 else torch.stack([t.double() for t in tensors]).tolist(),
            )
