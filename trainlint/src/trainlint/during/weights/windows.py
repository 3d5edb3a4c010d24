"""Which gradients belong to which update? Passes, clearings and motion between them, told by the tensors themselves."""

import cmath
from collections.abc import Iterable, Sequence
from enum import Enum

import torch
from torch import Tensor, nn

from ..losses.graph import leaves
from ..run import Lane, Run
from .names import nonfinite, sample

_LOOKS = 64
"""Graphs that are searched for an input whose gradient is asked for: enough to know a loop's habit."""
_ENTRIES = 16
_EARLY = 64
_DENSE = 4096
"""Entries that are faster summed than picked."""
_BUNCH = 16
"""On an accelerator reading makes the device wait, so only one pass in sixteen is looked at."""


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
