"""Where does an epoch end in a loop that never says so, and what did its validation give?"""

import math
import weakref
from collections import defaultdict
from dataclasses import dataclass, field

from torch import Tensor

_FEW = 3
"""Updates between two evaluations; a loop that evaluates more often than that acts, it does not validate."""


@dataclass(eq=False)
class Epochs:
    """Epochs as a loader that begins anew shows them, or else as evaluations between updates do.

    Args:
        loader: whose batches are trained on, once it is known.
        passes: backward passes in the epoch so far.
        values: losses computed without gradients in the epoch so far, by the loss's name.
        acting: how often an evaluation came after fewer updates than a validation would.
        latest: the loader that began last.
    """

    loader: weakref.ReferenceType[object] | None = None
    passes: int = 0
    values: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    acting: int = 0
    latest: weakref.ReferenceType[object] | None = None

    def began(self, loader: object) -> bool:
        """A loader begins anew.

        Args:
            loader: of batches.

        Returns:
            True where this ends an epoch.
        """
        self.latest = weakref.ref(loader)
        return self.passes > 0 and self.loader is not None and self.loader() is loader

    def trained(self) -> bool:
        """A backward pass begins.

        Returns:
            True where the evaluation before it ended an epoch, in a loop without loaders.
        """
        if self.loader is None and self.latest is not None and self.latest() is not None:
            self.loader = self.latest
        ended = self.loader is None and bool(self.values) and self.passes > 0 and self._validated()
        self.passes += 1
        return ended

    def _validated(self) -> bool:
        if self.passes >= _FEW and self.acting < _FEW:
            return True
        self.acting += self.passes < _FEW
        self.values.clear()
        return False

    def take(self) -> float | None:
        """End the epoch.

        Returns:
            The mean of its validation losses, of the loss computed most often; None without one.
        """
        kept = max(self.values.values(), key=len, default=[])
        found = [float(value) for value in kept]
        self.values.clear()
        self.passes = 0
        return math.fsum(found) / len(found) if found else None
