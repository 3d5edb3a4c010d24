"""Which phases train the same network? Those that give every update the same weights."""

import math
from dataclasses import replace
from itertools import groupby, pairwise

from ...experiment import GEOMETRY_ORDER_JOINT, Phase, Phases
from ...losses import LossWeights

_DIGITS = 12
"""Shares are told apart to so many decimals."""


def settled_phases(phases: Phases, loss: LossWeights) -> Phases:
    """The phases that stand for all with these weights, however many updates there are.

    A phase need not repeat a weight of the loss, and neighbours of the same weights are one. A name says nothing: those
    of `GEOMETRY_ORDER_JOINT` stay with their weights, and others are `phase 1`, `phase 2`, ...

    >>> halves = Phases(stages=(Phase(name="early", share=0.5), Phase(name="late", share=0.5)))
    >>> settled_phases(halves, LossWeights()) == Phases()
    True

    Args:
        phases: any.
        loss: weights of the joint phase.

    Returns:
        Phases that train bit by bit alike.
    """
    merged = [
        Phase(share=math.fsum(stage.share for stage in alike), weights=weights)
        for weights, alike in groupby(phases.stages, key=lambda stage: _own(stage, loss))
    ]
    return Phases() if len(merged) == 1 else Phases(stages=_named(merged, loss))


def settled_phases_in(phases: Phases, loss: LossWeights, updates: int) -> Phases:
    """The phases that stand for all that begin at the same updates.

    A phase without an update is none, but for the joint one. A share has as few decimals as tell its update.

    >>> odd = Phases(stages=(Phase(name="geometry", share=0.4001, weights=(("order", 0.0),)), Phase(share=0.5999)))
    >>> [stage.share for stage in settled_phases_in(odd, LossWeights(), updates=256).stages]
    [0.4, 0.6]

    Args:
        phases: settled.
        loss: weights of the joint phase.
        updates: of the whole run.

    Returns:
        Phases that train bit by bit alike.
    """
    begins, last = [*phases.begins(updates), updates], phases.stages[-1]
    seen = [
        (stage, begin)
        for stage, (begin, end) in zip(phases.stages, pairwise(begins), strict=True)
        if end > begin or stage is last
    ]
    firsts = [next(alike) for _, alike in groupby(seen, key=lambda each: each[0].weights)]
    if len(firsts) == 1:
        return Phases()
    ends = [*(_share(begin, updates) for _, begin in firsts), 1.0]
    shares = [round(end - begin, _DIGITS) for begin, end in pairwise(ends)]
    return Phases(stages=_named([replace(stage, share=x) for x, (stage, _) in zip(shares, firsts, strict=True)], loss))


def _own(stage: Phase, loss: LossWeights) -> tuple[tuple[str, float], ...]:
    """The weights of a phase that are not those of the loss."""
    joint = vars(loss)
    return tuple(sorted((term, weight) for term, weight in stage.weights if weight != joint[term]))


def _named(stages: list[Phase], loss: LossWeights) -> tuple[Phase, ...]:
    """The same phases with names that follow from their weights."""
    known, names = {_own(stage, loss): stage.name for stage in GEOMETRY_ORDER_JOINT.stages}, list[str]()
    for number, stage in reversed(list(enumerate(stages, 1))):  # the last one is the joint one
        name = known.get(stage.weights)
        names.append(f"phase {number}" if name is None or name in names else name)
    return tuple(replace(stage, name=name) for stage, name in zip(stages, reversed(names), strict=True))


def _share(begin: int, updates: int) -> float:
    """The share of the updates before one of them, with as few decimals as find it again."""
    for digits in range(1, _DIGITS + 1):
        parts = 10**digits
        share = min(begin * parts // updates, parts - 1) / parts  # no more than leaves the joint phase one
        if math.ceil(round(updates * share, 6)) == begin:
            return share
    return begin / updates
