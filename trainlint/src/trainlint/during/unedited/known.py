"""What has come to light of a program so far, and where do its epochs end?"""

import math
import weakref
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class Known:
    """The models, optimisers, schedules and the scaler of a program.

    Args (none); `scaler` is the last gradient scaler that was made, and `any_optimizer` is True once there was one.
    """

    def __init__(self) -> None:
        self.scaler: object | None = None
        self.any_optimizer = False
        self._optimizers: list[weakref.ReferenceType[Optimizer]] = []
        self._schedulers: list[weakref.ReferenceType[object]] = []
        self._roots: dict[str, weakref.ReferenceType[nn.Module]] = {}

    def add_optimizer(self, optimizer: Optimizer) -> bool:
        """Remember one; True where it is new."""
        self.any_optimizer = True
        if any(each is optimizer for each in self.optimizers()):
            return False
        self._optimizers = [ref for ref in self._optimizers if ref() is not None] + [weakref.ref(optimizer)]
        return True

    def optimizers(self) -> list[Optimizer]:
        """Those that the program still holds."""
        return [each for ref in self._optimizers if (each := ref()) is not None]

    def add_scheduler(self, scheduler: object) -> bool:
        """Remember one; True where it is new."""
        known = [each for ref in self._schedulers if (each := ref()) is not None]
        if any(each is scheduler for each in known):
            return False
        self._schedulers = [weakref.ref(each) for each in (*known, scheduler)]
        return True

    def schedulers(self, optimizers: Iterable[Optimizer]) -> list[object]:
        """The schedules of some optimisers; one that names none may be of any."""
        live = [each for ref in self._schedulers if (each := ref()) is not None]
        mine = {id(each) for each in optimizers}
        return [each for each in live if (own := vars(each).get("optimizer")) is None or id(own) in mine]

    def add_root(self, module: nn.Module, name: str) -> bool:
        """Remember an outermost module: of two where one holds the other the larger stays; True where it is new."""
        if any(module is inner for _, known in self.roots() for inner in known.modules()):
            return False
        inside = {id(inner) for inner in module.modules()}
        kept = {key: weakref.ref(known) for key, known in self.roots() if id(known) not in inside}
        free = name if name not in kept else f"{name}_{len(kept) + 1}"
        self._roots = {**kept, free.replace(".", "_"): weakref.ref(module)}
        return True

    def roots(self) -> list[tuple[str, nn.Module]]:
        """The outermost modules that the program still holds, by name."""
        return [(name, module) for name, ref in self._roots.items() if (module := ref()) is not None]

    def is_trained(self, module: nn.Module, besides: Iterable[Tensor] = ()) -> bool:
        """True where some optimiser holds a parameter of the module that is none of those named."""
        held = {p for optimizer in self.optimizers() for group in optimizer.param_groups for p in group["params"]}
        return any(p in held for p in set[Tensor](module.parameters()).difference(besides))

    def unheld(self, reached: Iterable[Tensor]) -> bool:
        """True where a loss reaches parameters, and no optimiser holds any of them."""
        met = {p for p in reached if isinstance(p, nn.Parameter)}
        return bool(met) and not holding(self.optimizers(), met)


def holding(optimizers: Iterable[Optimizer], wanted: Iterable[Tensor]) -> list[Optimizer]:
    """The optimisers that hold any of some tensors."""
    known = set(wanted)
    return [each for each in optimizers if any(p in known for group in each.param_groups for p in group["params"])]


_FEW = 3
"""Updates between two evaluations; a loop that evaluates more often acts."""


class Batches:
    """A loader, or another one over the same data where a loop makes a new one for each epoch."""

    def __init__(self, loader: object) -> None:
        self._loader, self._data = weakref.ref(loader), None
        with suppress(TypeError):  # a list of items, or none
            self._data = weakref.ref(vars(loader).get("dataset"))

    @property
    def alive(self) -> bool:
        """True where they can come again."""
        return self._loader() is not None or (self._data is not None and self._data() is not None)

    def again(self, later: "Batches") -> bool:
        """True where a later loader gives the same, and does not begin within `no_grad`, as an evaluation's does."""
        if self._loader() is not None:
            return self._loader() is later._loader()
        data = self._data and self._data()
        return data is not None and torch.is_grad_enabled() and later._data is not None and later._data() is data


@dataclass(eq=False)
class Epochs:
    """Epochs as a loader that begins anew shows them, or else as evaluations between updates do.

    `values` are losses without gradients in the epoch so far; `acting` counts evaluations after too few updates; `own`
    is True where the trained model itself is in evaluation for such a loss.
    """

    loader: Batches | None = None
    passes: int = 0
    values: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    acting: int = 0
    latest: Batches | None = None
    own: bool = False

    def began(self, latest: Batches) -> bool:
        """A loader begins anew; True where this ends an epoch."""
        self.latest = latest
        return self.passes > 0 and self.loader is not None and self.loader.again(latest)

    def trained(self) -> bool:
        """A backward pass begins; True where the evaluation before it ended an epoch, in a loop without loaders."""
        if self.loader is None and self.latest is not None and self.latest.alive:
            self.loader = self.latest
        ended = self.loader is None and bool(self.values) and self.passes > 0 and self._validated()
        self.passes += 1
        return ended

    def _validated(self) -> bool:
        if self.own or (self.passes >= _FEW and self.acting < _FEW):
            return True
        self.acting += self.passes < _FEW
        self.values.clear()
        return False

    def take(self) -> float | None:
        """End the epoch; the mean of its validation losses, of the loss computed most often, and None without one."""
        kept = max(self.values.values(), key=len, default=[])
        found = [float(value) for value in kept]
        self.values.clear()
        self.passes, self.own = 0, False
        return math.fsum(found) / len(found) if found else None
