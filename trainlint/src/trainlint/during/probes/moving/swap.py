"""Were the weights replaced between two epochs, as by averaged weights swapped in and left?"""

from collections import Counter, defaultdict

from torch import Tensor

from ....findings import Severity, Stage
from ....rules import updates as rules
from ...run import Epoch, Lane, Run, Step, some
from ...schedule import Why
from ...weights.windows import mark
from ..probe import Found, Probe

_ANEW = 0.5
"""Weights initialised anew are 1.4 times their size away; an average or a restored state is nearer."""
_KEPT = 64
"""Epochs whose weights are remembered, by a few entries each."""


class Swap(Probe):
    """The first update of an epoch starts where the last one ended, or from weights that the run itself had."""

    updates = Why.MEASURED | Why.ODD

    def __init__(self) -> None:
        self._usual = False
        self._count = 0
        self._past: list[Tensor] = []
        self._restored, self._fresh = False, False
        self._leaps = 0
        self._anew: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Remember a few entries of the weights, and whether they are those of an earlier epoch."""
        now, self._fresh = _whole(run), True
        if now is not None:
            self._restored = self._has(now)
            self._past = [*self._past[-_KEPT:], now]
        return ()

    def backward(self, run: Run, lane: Lane, arrived: object) -> Found:
        """The first measured pass of an epoch: whose weights are these?"""
        fresh, self._fresh = self._fresh, False
        if fresh and not self._restored and (now := _whole(run)) is not None:
            self._restored = self._has(now, but_last=True)
        return ()

    def _has(self, now: Tensor, *, but_last: bool = False) -> bool:
        past = self._past[:-1] if but_last else self._past
        return any(t.shape == now.shape and bool((t == now).all()) for t in past)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """A loop that always writes, and one that goes back to its best weights, are let be."""
        yield from self._initialised(run, lane, step)
        if step.first and not self._usual and step.drift > 1e-6:
            self._count += 1
            known = self._restored or not optimiser_stays(lane)
            yield rules.REPLACED.found(
                f"weights differ by {step.drift:.2g} of their size between updates {step.index - 1} and {step.index}"
                + ("; they are those of an earlier epoch" if self._restored else ""),
                update=step.index, drift=step.drift, severity=Severity.NOTE if known else None,
                stage=Stage.CONFIRMED if self._count > 1 or self._restored else Stage.SUSPECTED,
            )  # fmt: skip
        elif step.measured and not step.first and step.drift > 0:
            self._usual = True

    def _initialised(self, run: Run, lane: Lane, step: Step) -> Found:
        """Weights that were written anew between updates of one optimiser, again and again, or some in every update."""
        own = self._anew[id(lane)]
        own.update(step.anew)
        if step.measured:
            for module in own.keys() - step.anew:
                del own[module]
        self._leaps += step.drift > _ANEW and optimiser_stays(lane)
        again = [module for module in step.anew if own[module] in {3, 6}]
        if again:
            count = max(own[module] for module in again)
            yield rules.REPLACED.found(
                f"other weights at the start of each of {count} measured updates than the update before left",
                subject=some(again), update=step.index, stage=Stage.CONFIRMED if count > 3 else Stage.SUSPECTED,
            )  # fmt: skip
        elif step.drift > _ANEW and self._leaps in {3, 4} and not self._usual:
            yield rules.REPLACED.found(
                f"weights were replaced {self._leaps} times between two updates of one optimiser, by {step.drift:.2g} "
                "of their size",
                update=step.index, drift=step.drift, stage=Stage.CONFIRMED if self._leaps > 3 else Stage.SUSPECTED,
            )  # fmt: skip


def optimiser_stays(lane: Lane) -> bool:
    """True where one optimiser alone has stepped these weights: a fold or a phase has one of its own.

    Args:
        lane: of the weights.
    """
    return not lane.foreign


def _whole(run: Run) -> Tensor | None:
    held = [p for lane in run.lanes for p in lane.held]
    return mark(held) if held else None
