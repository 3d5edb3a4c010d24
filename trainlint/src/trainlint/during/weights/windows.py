"""Which gradients belong to which update, told by the tensors themselves, and how far should it move the weights?"""

import cmath
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from ..losses.graph import leaves
from ..run import Lane, Run
from .names import nonfinite, norms, sample

_LOOKS = 64
"""Graphs that are searched for an input whose gradient is asked for."""
_ENTRIES = 16
_EARLY = 64
_DENSE = 4096
"""Entries that are faster summed than picked."""
_BUNCH = 16
"""On an accelerator reading makes the device wait."""


class Fate(Enum):
    """What became of the gradients of a window that was cleared."""

    USED = "an optimiser stepped, or refused to"
    BY_HAND = "the weights moved, and no optimiser was heard"
    REFUSED = "they were not finite"
    PROBED = "the gradient of an input was asked for"
    WASTED = "nothing was done with them"


class Windows:
    """The windows of every lane: passes between two clearings."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._states: dict[int, tuple[int, list[tuple[int, int] | None] | None]] = {}
        self._marks: dict[int, Tensor] = {}

    def begin(self, lane: Lane, roots: object) -> bool:
        """A backward pass starts; True where the gradients of the window before were cleared, by whatever means."""
        grads = [p.grad for p in lane.held]
        here = [g for g in grads if g is not None]
        self._states[id(lane)] = lane.applied, states(grads) if here else None
        if not lane.pending and lane.looks < _LOOKS and (lane.wasted or lane.probed or not lane.applied):
            lane.looks += 1
            lane.curious = self._asks_for_an_input(roots)
        if lane.cleared and not lane.pending:
            return False
        return not here or (not lane.cleared and not _any(here))

    def ended(self, lane: Lane) -> bool:
        """True where the backward pass that ended left anything in the lane's gradients, or stepped within the pass."""
        before = self._states.get(id(lane))
        if before is None:
            return False
        applied, earlier = before
        if applied != lane.applied:
            return True
        if earlier is None:  # there was none, as after most clearings
            return any(p.grad is not None for p in lane.held)
        return earlier != states([p.grad for p in lane.held])

    def note(self, lane: Lane) -> None:
        """Gradients are complete: remember what the whole run has done, and where doubtful, some of the weights."""
        if lane.pending:
            return
        lane.since = self._done(lane)
        if not lane.applied or lane.unsure or lane.by_hands:
            self._marks[id(lane)] = mark(lane.held)
        else:
            self._marks.pop(id(lane), None)

    def fate(self, lane: Lane) -> Fate:
        """What became of the gradients that are about to be cleared, or were."""
        if not lane.pending or lane.stepped or lane.inside:
            return Fate.USED
        done = self._done(lane)
        # Gradients also serve a step of another optimiser, as in a GAN.
        if lane.since[:2] != done[:2]:
            return Fate.USED
        # `.data` does not raise a tensor's version: the values decide.
        if lane.since != done or self._moved(lane):
            return Fate.BY_HAND
        if nonfinite(lane.arrived):  # a scaler that was not handed over, or the loop itself, refused them
            return Fate.REFUSED
        return Fate.PROBED if lane.curious else Fate.WASTED

    def _moved(self, lane: Lane) -> bool:
        before = self._marks.get(id(lane))
        return before is not None and not torch.equal(before, mark(lane.held))

    def _done(self, lane: Lane) -> tuple[int, ...]:
        return self.run.applied, self.run.skipped, sum([p._version for p in lane.few])

    def _asks_for_an_input(self, roots: object) -> bool:
        tensors = [roots] if isinstance(roots, Tensor) else roots if isinstance(roots, Sequence) else []
        held = {id(p) for lane in self.run.lanes for p in lane.parameters}
        found = (leaf for root in tensors if isinstance(root, Tensor) for leaf in leaves(root, 2000))
        return any(not isinstance(leaf, nn.Parameter) and id(leaf) not in held for leaf in found)


def states(grads: Sequence[Tensor | None]) -> list[tuple[int, int] | None] | None:
    """What changes with every write to gradients, and is None where there is none at all."""
    found = [None if g is None else (id(g), g._version) for g in grads]
    return found if any(each is not None for each in found) else None


def mark(tensors: Sequence[Tensor]) -> Tensor:
    """A few entries of the middle row of up to eight tensors: enough to see that somebody wrote to them."""
    chosen = tensors[:: max(1, len(tensors) // 8)]
    rows = [_row(p.detach()) for p in chosen if p.numel()]
    return torch.cat([torch.view_as_real(r).flatten() if r.is_complex() else r.double() for r in rows]).cpu()


def _row(tensor: Tensor) -> Tensor:
    while tensor.ndim > 1:
        tensor = tensor[tensor.shape[0] // 2]
    return tensor.reshape(-1)[:_ENTRIES]


def _any(grads: Iterable[Tensor]) -> bool:
    return any(bool(g.any()) for g in sorted(grads, key=Tensor.numel)[:4] if not g.is_sparse)


def smells(lane: Lane) -> bool:
    """A sample of a first parameter's gradient, or in turns of another's, is not finite: a NaN shows there."""
    held, count = lane.held, lane.backwards
    every = 4 if count > _EARLY else 2 if count > _BUNCH else 1
    if not held or count % every or (count % _BUNCH and held[0].is_cuda):
        return False
    turn = count // every
    # What is not finite anywhere comes down to the first layers.
    grad = (min(held[:4], key=Tensor.numel) if turn % 2 else held[turn // 2 % len(held)]).grad
    if grad is None or grad.is_sparse:
        return False
    return not cmath.isfinite((grad if grad.numel() <= _DENSE else sample(grad)).sum().item())


_ADAM = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "FusedAdam", "DeepSpeedCPUAdam", "Lamb")
_TENSORS = 16
"""A median over so many says what Adam does to all."""
_DECOUPLED = ("AdamW", "SGD", "Lion")
"""Optimisers whose decay takes `rate * weight_decay` off the weights in each update."""


def in_rates(
    optimizer: Optimizer, live: Sequence[Tensor], old: Sequence[Tensor], apart: Sequence[Tensor]
) -> float | None:
    """Median over the tensors of how far Adam moved an entry with a gradient, in units of its rate, without decay.

    It is 0.1 to 1 in a training that learns: Adam divides the gradient by its own recent size.
    """
    if not _is_adam(optimizer):
        return None
    groups = {p: group for group in optimizer.param_groups for p in group["params"]}
    rows: defaultdict[tuple, list[tuple[Tensor, Tensor, Tensor]]] = defaultdict(list)
    every = max(1, len(live) // _TENSORS)
    for parameter, before, moved in zip(live[::every], old[::every], apart[::every], strict=True):
        group, grad = groups.get(parameter), parameter.grad
        if group is None or grad is None or grad.is_sparse or not (rate := float(group["lr"])):
            continue
        decay = rate * float(group.get("weight_decay", 0.0)) if _is_decoupled(optimizer, group) else 0.0
        rows[rate, decay, moved.device].append((sample(grad), before, moved))
    ratios = [ratio for (rate, decay, _), each in rows.items() for ratio in _ratios(rate, decay, each)]
    return statistics.median(ratios) if ratios else None


def _ratios(rate: float, decay: float, rows: Sequence[tuple[Tensor, Tensor, Tensor]]) -> list[float]:
    sizes = [len(grad) for grad, _, _ in rows]
    grads, before, moved = (torch.cat(column) for column in zip(*rows, strict=True))
    pulled = grads != 0
    ways = norms(((moved + decay * before) * pulled).split(sizes))
    roots = norms(pulled.to(torch.float32).split(sizes))
    return [way / (rate * root) for way, root in zip(ways, roots, strict=True) if root]


def own_share(optimizer: Optimizer, used: float, weights: float) -> float | None:
    """How far plain gradient descent moves the weights by the gradient alone: rate times norm, over the weights' norm.

    None where the optimiser is of another kind.
    """
    if type(optimizer) is not SGD or not weights:
        return None
    group = max(optimizer.param_groups, key=lambda g: float(g["lr"]))
    return float(group["lr"]) * used / (1 - min(0.99, float(group["momentum"]))) / weights


def epsilon(optimizer: Optimizer) -> float:
    """What Adam adds to the size of a gradient; 0 for other optimisers."""
    return max(float(group["eps"]) for group in optimizer.param_groups) if _is_adam(optimizer) else 0.0


def shrinkage(optimizer: Optimizer) -> float:
    """The largest share that weight decay takes off a group's weights in one update; 0 where the kind is not known."""
    return max(
        (
            float(group["lr"]) * float(group.get("weight_decay") or 0.0)
            for group in optimizer.param_groups
            if _is_decoupled(optimizer, group) and isinstance(group["lr"], float | int | torch.Tensor)
        ),
        default=0.0,
    )


def _is_adam(optimizer: Optimizer) -> bool:
    return type(optimizer).__name__ in _ADAM and all("eps" in group for group in optimizer.param_groups)


def _is_decoupled(optimizer: Optimizer, group: Mapping[str, object]) -> bool:
    return type(optimizer).__name__ in _DECOUPLED or bool(group.get("decoupled_weight_decay"))


_ENTRIES = 64
_OWN_MEMORY = (nn.Parameter, Tensor)
"""Other kinds may be handles of memory elsewhere."""


class Edge:
    """The first entries of one tensor, as the last step left them.

    `written` is what somebody wrote into these entries since the last step, as bytes.
    """

    def __init__(self, held: Sequence[Tensor]) -> None:
        self._followed = held[len(held) // 2] if held else None
        self._live: Tensor | None = None
        self._kept: Tensor | None = None
        self._place = 0
        self.written = b""

    def keep(self) -> None:
        """A step ran: remember what it left."""
        live = self._now()
        if live is None:
            self._kept = None
        elif self._kept is None:
            self._kept = live.clone()
        else:
            self._kept.copy_(live)

    def drift(self, *, closely: bool) -> float:
        """Relative difference between the weights now and as the last step left them; 0 where there was none."""
        kept, live = self._kept, self._now()
        self.written = b""
        if kept is None or live is None or kept.shape != live.shape:
            return 0.0
        if not closely and (kept.device.type != "cpu" or torch.equal(live, kept)):
            return 0.0
        if live.device.type == "cpu" and live.dtype is torch.float32 and not torch.equal(live, kept):
            self.written = live.numpy().tobytes()
        apart, size = norms([live - kept, kept])
        return apart / max(size, 1e-30)

    def _now(self) -> Tensor | None:
        own = self._followed
        if own is None or not own.is_contiguous():
            return None
        place = own.data_ptr() if type(own) in _OWN_MEMORY else 0
        if self._live is None or place != self._place or place == 0:
            self._live, self._place = own.detach().view(-1)[:_ENTRIES], place
            self._kept = None if self._kept is not None and self._kept.shape != self._live.shape else self._kept
        return self._live
