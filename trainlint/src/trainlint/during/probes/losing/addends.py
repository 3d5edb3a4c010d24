"""Does a loss hold a term without a graph, which counts and moves nothing?"""

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, pstdev

from ....findings import Stage
from ....rules import losses as rules
from ...losses.constants import look
from ...losses.criteria import addends
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe

_SHARE = 0.01
"""A part of the loss below which a term without a graph is rounding, and scatter of a term that is a constant."""
_SURE, _KEPT = 4, 16


class Addends(Probe):
    """What is added to criteria of torch and has no graph: the value of the loss less that of its criteria."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._rest: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)

    def loss(self, run: Run, loss: Loss) -> Found:
        """At measured losses; a number has no graph either, and is the same in every batch."""
        if not loss.measured or loss.terms or loss.tensor.grad_fn is None:
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
                subject=loss.name, update=run.applied + 1,
                stage=Stage.CONFIRMED if len(rest) >= _SURE else Stage.SUSPECTED,
            )  # fmt: skip


def _rest(loss: Loss, update: int) -> tuple[float, float] | None:
    """What no criterion explains, and the loss; None where the loss holds no such addend, or nobody can tell."""
    every = list(addends(loss.tensor))
    live = {id(part.node) for part in every if part.node is not None}
    bare = [part.factor for part in every if part.node is None]
    exchanged = len(bare) > 1 and min(bare) < 0  # `x - x.detach() + y.detach()` has the value of another
    if not bare or exchanged or {id(each.node) for each in loss.criteria} != live:
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
    """True where it is a part of the loss in every batch, and no constant."""
    parts = [part for part, _ in rest]
    return min(abs(part) / whole for part, whole in rest) > _SHARE and pstdev(parts) > _SHARE * fmean(map(abs, parts))
