"""Does a program step its optimisers although `backward` was never called?"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from ...findings import Finding
from ...rules import updates as rules
from ..hearing.patches import Undo, nothing
from ..weights.windows import mark

_STEPS = 3


class Idle:
    """Counts the steps of optimisers none of whose parameters has a gradient, until a watch begins.

    An optimiser may have a rule of its own that needs no gradient: only weights that stay where they are count.
    """

    def __init__(self) -> None:
        self._steps: dict[int, int] = {}
        self._start: dict[int, tuple[list[Tensor], Tensor]] = {}
        self._fed = False
        self._undo: Undo = nothing

    def listen(self) -> None:
        """Hear of the steps from now on."""
        self._undo = register_optimizer_step_pre_hook(lambda optimizer, *_: self._steps_now(optimizer)).remove

    def stop(self) -> None:
        """Hear no more."""
        self._undo()
        self._undo = nothing

    def forget(self) -> None:
        """A watch has begun: it counts for itself."""
        self.stop()
        self._steps, self._start = {}, {}

    def _steps_now(self, optimizer: Optimizer) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"]]
        self._fed |= any(p.grad is not None for p in held)
        if self._fed or not held:
            self._start.clear()
            return
        if id(optimizer) not in self._start:
            self._start[id(optimizer)] = held, mark(held)
        self._steps[id(optimizer)] = self._steps.get(id(optimizer), 0) + 1

    def found(self) -> Iterator[Finding]:
        """Steps without gradients, of weights that have not moved."""
        count = sum(self._steps.values())
        if self._fed or count < _STEPS:
            return
        if all(torch.equal(start, mark(held)) for held, start in self._start.values()):
            text = f"{count} steps of {len(self._start)} optimiser(s), and backward() was never called on any loss"
            yield rules.NO_UPDATE.found(text, steps=count, backwards=0)
