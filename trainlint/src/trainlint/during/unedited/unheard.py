"""What does a program do that no watch hears: steps without gradients, losses left out, weights moved by hand?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from ...findings import Finding, Severity
from ...rules import data as data_rules
from ...rules import losses as loss_rules
from ...rules import updates as update_rules
from ..hearing.patches import Undo, nothing, patch
from ..losses.graph import leaves
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
            yield update_rules.NO_UPDATE.found(text, steps=count, backwards=0)


_BUNCH, _MOST = 32, 512
"""Backward passes whose losses are read at one time, and losses kept until then."""
_SOME, _SHARE = 3, 0.01
"""A guard against a rare overflow refuses a batch now and then."""


class Lost:
    """Losses of torch between backward passes: of those with some not finite, which hold more than usual?

    A term that is left out of a sum is one of the usual number.
    """

    def __init__(self) -> None:
        self._open: list[Tensor] = []
        self._windows: list[list[Tensor]] = []
        self._usual = self._passes = 0
        self._odd: Counter[tuple[int, int]] = Counter()

    def computed(self, value: Tensor) -> None:
        """A loss was computed."""
        if len(self._open) < _MOST:
            self._open.append(value.detach())

    def backward(self) -> None:
        """A backward pass begins."""
        self._passes += 1
        self._windows.append(self._open)
        self._open = []
        if len(self._windows) >= _BUNCH:
            self._read()

    def _read(self) -> None:
        windows, self._windows = self._windows, []
        every = [value.double() for window in windows for value in window]
        fine = iter(torch.stack([v.to(every[0].device) for v in every]).isfinite().tolist() if every else [])
        for window in windows:
            lost = sum(not next(fine) for _ in window)
            if lost:
                self._odd[len(window), lost] += 1
            else:
                self._usual = max(self._usual, len(window))

    def found(self) -> list[Finding]:
        """Losses that were left out, at the end of a program."""
        self._windows.append(self._open)
        self._open = []
        self._read()
        lost = sum(
            times * min(bad, size - self._usual) for (size, bad), times in self._odd.items() if size > self._usual
        )
        if lost < max(_SOME, _SHARE * (self._passes + lost)):
            return []
        text = f"{lost} of {self._passes + lost} losses were NaN or inf, and never went backward"
        return [loss_rules.LEFT_OUT.found(text, lost=lost, passes=self._passes)]


class Loads:
    """States of which a module takes nothing, since `strict=False` passes over keys that do not fit."""

    def __init__(self) -> None:
        self._empty: dict[int, str] = {}
        self._undo: Undo = nothing

    def listen(self) -> None:
        """Hear of every load from now on."""
        self._undo = patch(nn.Module, "load_state_dict", self._load)

    def stop(self) -> None:
        """Hear no more."""
        self._undo()
        self._undo = nothing

    def _load(self, original: Callable[..., object], module: nn.Module, *args: object, **kwargs: object) -> object:
        told = original(module, *args, **kwargs)
        missing, left = told if isinstance(told, tuple) and len(told) == 2 else ([], [])
        if missing and left and len(missing) >= len(module.state_dict()):
            kind = type(module).__name__
            self._empty[id(module)] = (
                f"none of {len(missing)} keys of `{kind}` was found: {missing[0]} against {left[0]}"
            )
        else:
            self._empty.pop(id(module), None)  # loaded after all
        return told

    def found(self) -> list[Finding]:
        """Modules that were left as they were."""
        return [data_rules.CHECKPOINT.found(text, severity=Severity.WARNING) for text in self._empty.values()]


_LOOKS = 64
"""Backward passes after which a program that moves nothing trains nothing: it looks at gradients."""


class Handmade:
    """Compares the leaves of each loss with the last one's; `looks` counts the losses."""

    def __init__(self) -> None:
        self.looks = 0
        self._marks: dict[int, tuple[Tensor, Tensor]] = {}

    def moved(self, loss: Tensor, roots: Iterable[nn.Module]) -> list[Tensor]:
        """What is trained by hand: the models of which a parameter has moved, and moved tensors of no model."""
        self.looks += 1
        if self.looks > _LOOKS:
            return []
        found = [leaf for leaf in leaves(loss) if leaf.is_floating_point() and leaf.numel()]
        known = {id(leaf): self._marks.get(id(leaf)) for leaf in found}
        now = {id(leaf): (leaf, mark([leaf])) for leaf in found}
        moved = {
            key for key, before in known.items() if before and before[0] is now[key][0] and _apart(before, now[key])
        }
        self._marks = {} if moved else now
        return _held(found, moved, roots) if moved else []


def _apart(before: tuple[Tensor, Tensor], now: tuple[Tensor, Tensor]) -> bool:
    return before[1].shape != now[1].shape or not torch.equal(before[1], now[1])


def _held(found: Sequence[Tensor], moved: set[int], roots: Iterable[nn.Module]) -> list[Tensor]:
    held: dict[Tensor, None] = {}
    owned: set[Tensor] = set()
    for module in roots:
        own = list(module.parameters())
        owned.update(own)
        if any(id(p) in moved for p in own):
            held.update(dict.fromkeys(p for p in own if p.requires_grad))
    bare = [leaf for leaf in found if leaf not in owned]
    if any(id(leaf) in moved for leaf in bare):  # beside moved ones, one that stays may have been forgotten
        held.update(dict.fromkeys(bare))
    return list(held)
