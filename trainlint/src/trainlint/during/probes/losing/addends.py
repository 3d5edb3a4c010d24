"""Does a loss hold a term without a graph, or a learned weight of a term that nothing opposes?"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean, pstdev

from ....findings import Stage
from ....rules import losses as rules
from ...losses.constants import look
from ...losses.criteria import addends
from ...losses.graph import PASSING, edges, name, saved, walk_from
from ...plan import Why
from ...run import Run
from ..probe import Found, Loss, Probe

_SHARE = 0.01
"""A part of the loss below which a term without a graph is rounding, and scatter of a term that is a constant."""
_SURE, _KEPT = 4, 16
_PURE = {"squared", "absolute", "smooth", "huber", "classes", "logits", "labels"}
"""Criteria without a constant of their own, as the entropy of soft targets in a divergence."""


class Addends(Probe):
    """What is added to criteria of torch and has no graph: the value of the loss less that of its criteria."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._rest: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)

    def loss(self, run: Run, loss: Loss) -> Found:
        """At measured losses; a number has no graph either, and is the same in every batch."""
        if not loss.legible or loss.terms:
            return
        found, rest = _rest(loss, run.applied + 1), self._rest[loss.name]
        if found is None:
            rest.clear()
            return
        rest.append(found)
        del rest[:-_KEPT]
        if len(rest) >= _SURE // 2 and _counts(rest):
            share = fmean(part / whole for part, whole in rest)
            yield rules.TERM_CUT.found(
                f"what has no graph is {share:.0%} of the loss, and another number in each of {len(rest)} batches",
                subject=loss.name,
                update=run.applied + 1,
                stage=Stage.of(len(rest) >= _SURE),
            )


def _rest(loss: Loss, update: int) -> tuple[float, float] | None:
    every = list(addends(loss.tensor))
    live = {id(part.node) for part in every if part.node is not None}
    bare = [part.factor for part in every if part.node is None]
    exchanged = len(bare) > 1 and min(bare) < 0  # `x - x.detach() + y.detach()` has the value of another
    known = all(each.kind in _PURE for each in loss.criteria)
    if not bare or exchanged or not known or {id(each.node) for each in loss.criteria} != live:
        return None
    looks = [(each, look(each, update)) for each in loss.criteria]
    if any(seen is None or each.target is None or len(seen.target) != len(each.target) for each, seen in looks):
        return None
    values = [each.factor * seen.scored for each, seen in looks if seen is not None]
    total = float(loss.tensor.detach())
    rest = total - math.fsum(values)
    paired = any(abs(rest + value) <= _SHARE * abs(value) for value in values)  # `x - x.detach()` is for the gradient
    return None if paired or total == 0 or not math.isfinite(rest) else (rest, abs(total))


def _counts(rest: Sequence[tuple[float, float]]) -> bool:
    parts = [part for part, _ in rest]
    return min(abs(part) / whole for part, whole in rest) > _SHARE and pstdev(parts) > _SHARE * fmean(map(abs, parts))


_RISING = {"Exp": 1, "Softplus": 1, "Sigmoid": 1, "Neg": -1, "Reciprocal": -1}
_FALLEN = 0.8
_LEAF = "AccumulateGrad"


class LearnedWeights(Probe):
    """A weight that is learned together with the error it weighs, and that nothing keeps from going to zero."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._kept: defaultdict[str, list[float]] = defaultdict(list)

    def loss(self, run: Run, loss: Loss) -> Found:
        """Note how large such weights are."""
        if loss.legible:
            self._kept[loss.name] += _unopposed(loss)
        return ()

    def asked(self, run: Run) -> Found:
        """One that has only fallen: the error is weighed away instead of made smaller."""
        for called, kept in self._kept.items():
            if len(kept) >= _SURE and kept == sorted(kept, reverse=True) and kept[-1] < _FALLEN * kept[0]:
                yield rules.UNOPPOSED.found(
                    f"a learned weight fell from {kept[0]:.3g} to {kept[-1]:.3g}, and no term of the loss opposes that",
                    subject=called,
                    update=run.applied,
                )


def _unopposed(loss: Loss) -> list[float]:
    parts = [part for part in addends(loss.tensor) if part.node is not None]
    weights = list(_weights(loss))
    ways = {key for _, _, way, _ in weights for key in way}
    found = []
    for leaf, sign, _, value in weights:
        against = any(part.node is leaf and part.factor * sign < 0 for part in parts)
        if not against and not any(
            id(part.node) not in ways and any(n is leaf for n in walk_from(part.node, 2000)) for part in parts
        ):
            found.append(value)
    return [min(found)] if found else []


def _weights(loss: Loss) -> Iterator[tuple[object, int, set[int], float]]:
    errors = {id(each.node) for each in loss.criteria}
    for node in walk_from(loss.tensor.grad_fn, 64):
        sides = [child for child, _ in edges(node)]
        if name(node) == "Mul" and len(sides) == 2 and None not in sides:
            for own, other, key in ((0, 1, "self"), (1, 0, "other")):
                leaf, sign, way = _leaf(sides[own])
                value = saved(node, key)
                if leaf is not None and value is not None and value.numel() == 1 and _error(sides[other], errors):
                    yield leaf, sign, way, float(value.detach())


def _leaf(node: object | None) -> tuple[object | None, int, set[int]]:
    sign, path = 1, {id(node)}
    while node is not None and name(node) != _LEAF:
        kind, below = name(node), [child for child, _ in edges(node) if child is not None]
        if len(below) != 1 or (kind not in _RISING and kind not in PASSING):
            return None, 0, path
        sign, node = sign * _RISING.get(kind, 1), below[0]
        path.add(id(node))
    return node, sign, path


def _error(node: object | None, errors: set[int]) -> bool:
    while node is not None and id(node) not in errors and name(node) in {"Mean", "Sum"}:
        node = edges(node)[0][0]
    return id(node) in errors
