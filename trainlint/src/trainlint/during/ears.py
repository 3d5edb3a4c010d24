"""What do torch's global hooks hold? A weak hold on the observer: a watch that nobody keeps ends by itself."""

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn
from torch.optim import Optimizer

if TYPE_CHECKING:
    from .observer import Observer


class Ears:
    """Passes what is heard on to an observer, as long as there is one, behind its boundary.

    Args:
        observer: who is told.
    """

    def __init__(self, observer: "Observer") -> None:
        self._observer = weakref.ref(observer)

    def _tell(self, event: str, *facts: object) -> None:
        observer = self._observer()
        if observer is not None:
            observer.boundary.run(event, getattr(observer, event), *facts)

    def backward_starts(self, roots: object) -> None:
        """`backward` was called on these tensors."""
        self._tell("backward_starts", roots)

    def backward_ended(self) -> None:
        """It came back."""
        self._tell("backward_ended")

    def backward_failed(self) -> None:
        """It raised."""
        self._tell("backward_failed")

    def clears(self, optimizer: Optimizer) -> None:
        """zero_grad is about to run."""
        self._tell("clears", optimizer)

    def steps(self, optimizer: Optimizer) -> None:
        """An optimiser is about to step, watched or not."""
        self._tell("steps", optimizer)

    def stepped(self, optimizer: Optimizer, closure: bool) -> None:
        """It stepped."""
        self._tell("stepped", optimizer, closure)

    def scaler_steps(self, optimizer: object) -> None:
        """A gradient scaler is about to step an optimiser, or to refuse it."""
        self._tell("scaler_steps", optimizer)

    def scaler_stepped(self, optimizer: object) -> None:
        """It did either."""
        self._tell("scaler_stepped", optimizer)

    def ticked(self) -> None:
        """A schedule moved on."""
        self._tell("ticked")

    def ran(self, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A module ran."""
        self._tell("ran", module, inputs, output)

    def evaluated(self, chance: Sequence[str]) -> None:
        """A pass of evaluation was looked at closely."""
        self._tell("evaluated", chance)
