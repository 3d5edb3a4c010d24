"""What does a program do that no watch hears: idle steps, lost losses, weights moved by hand, samples judged again?"""

import weakref
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils.data import Subset, TensorDataset

from ...findings import Finding, Severity
from ...rules import data as data_rules
from ...rules import losses as loss_rules
from ...rules import updates as update_rules
from ..hearing.patches import Undo, nothing, patch
from ..losses.graph import leaves
from ..weights.windows import mark
from .trainings import Training

_STEPS = 3


class Idle:
    """Counts the steps of optimisers none of whose parameters ever had a gradient.

    An optimiser may need no gradient: only weights that stay where they are count.
    """

    def __init__(self) -> None:
        self._steps: Counter[int] = Counter()
        self._start: dict[int, tuple[Optimizer, list[Tensor], Tensor]] = {}
        self._fed: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._undo: Undo = nothing

    def listen(self) -> None:
        """Hear from now on."""
        self._undo = register_optimizer_step_pre_hook(lambda optimizer, *_: self._steps_now(optimizer)).remove

    def stop(self) -> None:
        """Hear no more."""
        self._undo()
        self._undo = nothing

    def watched(self, optimizers: Iterable[Optimizer]) -> None:
        """A watch has begun, or gradients arrive: others count from now on."""
        for each in optimizers:
            self._fed.add(each)
            self._start.pop(id(each), None)
            del self._steps[id(each)]

    def _steps_now(self, optimizer: Optimizer) -> None:
        if optimizer in self._fed:
            return
        held = [p for group in optimizer.param_groups for p in group["params"]]
        if not held or any(p.grad is not None for p in held):
            self.watched([optimizer])
            return
        if id(optimizer) not in self._start:
            self._start[id(optimizer)] = optimizer, held, mark(held)
        self._steps[id(optimizer)] += 1

    def found(self, unheld: int) -> Iterator[Finding]:
        """Steps without gradients, of weights that have not moved."""
        still = [key for key, (_, held, start) in self._start.items() if torch.equal(start, mark(held))]
        if (count := sum(self._steps[key] for key in still)) < _STEPS:
            return
        told = f"{count} steps of {len(still)} optimiser(s)"
        if unheld >= _STEPS:
            text = f"{told}: losses use other weights, which no optimiser holds"
            yield update_rules.NOT_OWNED.found(text, steps=count)
        elif self._fed:
            text = f"{told} beside others, and no loss on which backward() was called depends on what they hold"
            yield update_rules.GRAPH_CUT.found(text, severity=Severity.WARNING, steps=count)
        elif len(still) == len(self._start):
            text = f"{told}, and backward() was never called on any loss"
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
        self._windows, self._open = [*self._windows, self._open], []
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
        self._windows, self._open = [*self._windows, self._open], []
        self._read()
        more = [(size - self._usual, bad, times) for (size, bad), times in self._odd.items() if size > self._usual]
        lost = sum(times * min(over, bad) for over, bad, times in more)
        if lost < max(_SOME, _SHARE * (self._passes + lost)):
            return []
        text = f"{lost} of {self._passes + lost} losses were NaN or inf, and never went backward"
        return [loss_rules.LEFT_OUT.found(text, lost=lost, passes=self._passes)]


class Loads:
    """States of which a module takes nothing, as `strict=False` passes over keys."""

    def __init__(self) -> None:
        self._empty: dict[int, str] = {}
        self._undo: Undo = nothing

    def listen(self) -> None:
        """Hear from now on."""
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
            text = f"none of {len(missing)} keys of `{kind}` was found: {missing[0]} against {left[0]}"
            self._empty[id(module)] = text
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


_COMPARED = 200_000
"""Samples above which nothing is compared."""
_NARROW, _KINDS = 4, 64
"""Entries of a sample, and values among all, from which equal samples are no coincidence."""
_TWICE = 0.02
"""A data set may hold a sample twice."""
_PLAIN = {"RandomSampler", "SequentialSampler", "SubsetRandomSampler", "DistributedSampler", "BatchSampler"}

Samples = frozenset[Hashable]


class Shared:
    """Compares samples of each loader that begins without gradients with those trained on; `blind` where it cannot."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Any, dict[int, tuple[object, Samples]]] = weakref.WeakKeyDictionary()
        self._numbers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._next = count()
        self._latest = Samples()
        self._trained: dict[int, Samples] = {}
        self._judged: dict[tuple[int, int], dict[Samples, int]] = {}
        self._marks: dict[int, Tensor] = {}
        self.blind: set[str] = set()

    def began(self, loader: object, training: Training | None) -> None:
        """A loader begins anew, while this training is the current one."""
        samples = Samples()
        try:
            samples = self._samples(loader)
        except (TypeError, AttributeError, LookupError, RuntimeError):  # a list, or one's own
            if not torch.is_grad_enabled():
                kind = type(vars(loader).get("dataset")).__name__
                self.blind.add(f"samples of `{kind}`, which are not compared")
        if torch.is_grad_enabled():
            # A loop that evaluates may still be outside of `no_grad`.
            self._latest = samples if training is None or any(m.training for m in training.models) else Samples()
        elif training is not None and samples:
            self._marks[training.number] = _weights(training)
            trained = self._trained.get(training.number, Samples())
            if not trained <= samples:
                self._judged.setdefault((training.number, len(trained)), {})[samples] = len(samples & trained)

    def trained(self, training: Training) -> None:
        """A backward pass begins; weights that were put back have forgotten what came before."""
        known, number = self._trained.get(training.number, Samples()), training.number
        if not self._latest <= known:
            goes_on = number in self._marks and torch.equal(self._marks[number], _weights(training))
            self._trained[number] = known | self._latest if goes_on else self._latest

    def found(self) -> Iterator[Finding]:
        """What is shared; a part of the training data beside data that was held out is there for comparison."""
        for judged in self._judged.values():
            held_out = any(shared <= _TWICE * len(samples) for samples, shared in judged.items())
            for samples, shared in judged.items():
                if shared > _TWICE * len(samples) and not (held_out and shared == len(samples)):
                    text = f"{shared} of {len(samples)} samples of a loader under no_grad are among those trained on"
                    yield data_rules.OVERLAP.found(text, severity=Severity.WARNING, shared=shared)
                    return

    def _samples(self, loader: Any) -> Samples:  # noqa: ANN401
        source, chosen = loader.dataset, vars(loader.sampler).get("indices")
        known = self._known.setdefault(source, {})
        if not {type(loader.sampler).__name__, type(loader.batch_sampler).__name__} <= _PLAIN:
            return Samples()
        if id(chosen) not in known:
            known[id(chosen)] = chosen, self._drawn(source, range(len(source)) if chosen is None else chosen)
        return known[id(chosen)][1]

    def _drawn(self, source: Any, chosen: Sequence[int]) -> Samples:  # noqa: ANN401
        if len(chosen) > _COMPARED:
            return Samples()
        while isinstance(source, Subset):
            source, chosen = source.dataset, [int(source.indices[i]) for i in chosen]
        if isinstance(source, TensorDataset) and (rows := _rows(source.tensors[0])):
            return Samples(rows[i] for i in chosen)
        number = self._numbers.setdefault(source, next(self._next))
        return Samples((number, int(i)) for i in chosen)


def _weights(training: Training) -> Tensor:
    return mark([*training.watch.run.model.parameters()])


def _rows(values: Tensor) -> list[int]:
    plain = values.ndim > 1 and values.is_floating_point() and values.numel() <= 100 * _COMPARED
    if not plain or values[0:1].numel() < _NARROW or values[:_COMPARED].unique().numel() < _KINDS:
        return []
    flat = values.detach().flatten(1)
    return [hash(row.tobytes()) for row in flat.cpu().contiguous().view(torch.uint8).numpy()]
