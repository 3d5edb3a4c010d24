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

    def backward_starts(self, roots: object) -> None:
        """`backward` was called on these tensors."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("backward_starts", observer.backward_starts, roots)

    def backward_ended(self) -> None:
        """It came back."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("backward_ended", observer.backward_ended)

    def backward_failed(self) -> None:
        """It raised."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("backward_failed", observer.backward_failed)

    def clears(self, optimizer: Optimizer) -> None:
        """zero_grad is about to run."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("clears", observer.clears, optimizer)

    def steps(self, optimizer: Optimizer) -> None:
        """An optimiser is about to step, watched or not."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("steps", observer.steps, optimizer)

    def stepped(self, optimizer: Optimizer, closure: bool) -> None:
        """It stepped."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("stepped", observer.stepped, optimizer, closure)

    def scaler_steps(self, optimizer: object) -> None:
        """A gradient scaler is about to step an optimiser, or to refuse it."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("scaler_steps", observer.scaler_steps, optimizer)

    def scaler_stepped(self, optimizer: object) -> None:
        """It did either."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("scaler_stepped", observer.scaler_stepped, optimizer)

    def ticked(self) -> None:
        """A schedule moved on."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("ticked", observer.ticked)

    def ran(self, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A module ran."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("ran", observer.ran, module, inputs, output)

    def evaluated(self, chance: Sequence[str]) -> None:
        """A pass of evaluation was looked at closely."""
        if (observer := self._observer()) is not None:
            observer.boundary.run("evaluated", observer.evaluated, chance)
