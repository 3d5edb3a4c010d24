"""Are the two views that a loss compares one and the same?"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ....rules import numbers as rules
from ...hearing.passes import Pass
from ...losses.graph import edges, name
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe
from ..sightings import Sightings

_NODES = 2000
_COMPARING = {"Cat", "Stack", "Mm", "Bmm"}
"""What brings two answers together to be compared; a sum of two terms does not."""


class Views(Probe):
    """Two passes of one model, on equal inputs and with equal answers, that the loss compares with each other."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings(4)
        self._apart = False

    def loss(self, run: Run, loss: Loss) -> Found:
        """Dropout between two passes is a view of its own; one pair that differs is enough to know better."""
        pairs = list(_twice(loss)) if loss.measured and not self._apart and loss.tensor.grad_fn is not None else []
        same = [(a, b) for a, b, equal in pairs if equal]
        self._apart |= bool(pairs) and not same
        if not self._apart and any(_compares(loss.tensor, a, b) for a, b in same):
            at = run.applied + 1
            yield rules.SAME_VIEWS.found(
                "two passes that the loss compares have equal inputs and equal answers",
                update=at, stage=self._seen.stage("", at),
            )  # fmt: skip


def _twice(loss: Loss) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """The answers of the last two passes of each model, and whether they and what went in are equal."""
    by_model: dict[int, list[Pass]] = {}
    for each in loss.passes:
        by_model.setdefault(id(each.model), []).append(each)
    for first, second in (passes[-2:] for passes in by_model.values() if len(passes) > 1):
        fed = bool(first.inputs) and bool(second.inputs) and bool(first.outputs) and bool(second.outputs)
        if fed and first.inputs[0].shape == second.inputs[0].shape:
            a, b = first.outputs[0], second.outputs[0]
            yield a, b, torch.equal(first.inputs[0], second.inputs[0]) and torch.equal(a, b)


def _compares(loss: Tensor, a: Tensor, b: Tensor) -> bool:
    """True where a node brings together what comes of one answer alone and what comes of the other alone."""
    ends: dict[object, int] = {a.grad_fn: 1, b.grad_fn: 2}
    found: dict[object, int] = dict(ends)
    waiting: list[tuple[object, bool]] = [(loss.grad_fn, False)]
    while waiting and len(found) < _NODES:
        node, done = waiting.pop()
        if node in found and not done:
            continue
        below = [child for child, _ in edges(node) if child is not None]
        if not done:
            waiting += [(node, True), *((child, False) for child in below if child not in found)]
            continue
        parts = [found.get(child, 0) for child in below]
        if name(node) in _COMPARING and {1, 2} <= set(parts):
            return True
        found[node] = max(parts, default=0) if len({p for p in parts if p}) < 2 else 3
    return False
