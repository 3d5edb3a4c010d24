"""Does the gradient that arrived have its effect: clipped to nothing, divided away, or drowned by weight decay?"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ....findings import Stage
from ....rules import updates as rules
from ...run import Lane, Run, Step
from ...schedule import Why
from ..probe import Found, Probe

_SHARE = 1e-3
"""A clip norm is chosen near the gradient's own size; one step in a thousand of it is another rate, or a mistake."""
_ROUNDING = 1e-7
_SLOW = 1e-5
"""Relative motion an update: a thousand such updates change a weight by one per cent."""
_UNITS = 1e-2
"""Adam moves an entry by 0.1 to 1 times its rate, and by 0.03 where it has a gradient once in a thousand updates."""
_DECAY = 0.05
"""Weights that lose one twentieth an update are forgotten in twenty."""


class Strength(Probe):
    """Arrived against used gradients, and expected against real motion, in the median of three measured updates."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._ratios: defaultdict[int, list[float]] = defaultdict(list)
        self._shares: defaultdict[int, list[float]] = defaultdict(list)
        self._units: defaultdict[int, list[tuple[float, float, float]]] = defaultdict(list)
        self._decay: Counter[int] = Counter()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Judge from the third measured update on."""
        yield from self._decays(lane, step)
        if not step.measured or not any(step.used.values()) or step.closure:
            return
        used, arrived = _total(step.used.values()), _total(step.arrived.values()) / step.scale
        if not math.isfinite(used) or not math.isfinite(arrived):
            return
        key = id(lane)
        self._ratios[key].append(used / arrived if arrived else 1.0)
        yield from self._drowned(lane, step, used)
        if step.in_rates is not None and max(step.rates) > 0:
            self._units[key].append((step.in_rates, used, max(step.rates)))
            yield from self._swallowed(lane, step, used)

    def asked(self, run: Run) -> Found:
        """Clipped to a thousandth, hardly moving, and no better at the end: the rate does not make up for it."""
        for lane in run.lanes:
            ratio, shares = _recent(self._ratios[id(lane)] or [1.0]), self._shares[id(lane)]
            share = _recent(shares) if len(shares) > 3 else math.inf
            if ratio < _SHARE and share < 10 * _SLOW and run.improving is False:
                yield rules.BELOW_ROUNDING.found(
                    f"the step saw {ratio:.2g} of the gradient that arrived, which moves the weights by {share:.2g} of "
                    "their size (medians of 3), and the loss has not fallen by a tenth",
                    subject=lane.subject, update=lane.applied, ratio=ratio, share=share,
                )  # fmt: skip

    def _drowned(self, lane: Lane, step: Step, used: float) -> Found:
        """The gradient alone would hardly move the weights, though decay or momentum may."""
        ratio = _recent(self._ratios[id(lane)])
        shares = self._shares[id(lane)]
        shares += [] if step.own_share is None else [step.own_share]
        share = _recent(shares) if len(shares) > 2 else math.inf
        if share < _ROUNDING or (share < _SLOW and ratio < _SHARE):
            yield rules.BELOW_ROUNDING.found(
                f"the step saw {ratio:.2g} of the gradient that arrived (norm {used:.2g}), which moves the weights "
                f"by {share:.2g} of their size (medians of 3)",
                subject=lane.subject, update=step.index, ratio=ratio, share=share,
                stage=Stage.CONFIRMED if len(shares) > 3 else Stage.SUSPECTED,
            )  # fmt: skip

    def _swallowed(self, lane: Lane, step: Step, used: float) -> Found:
        """Adam divides by the gradient's size and its epsilon: which of them keeps it from moving?"""
        seen = self._units[id(lane)]
        entries = sum(p.numel() for p in lane.held) ** 0.5
        if len(seen) >= 3 and max(units for units, _, _ in seen) < 5 * _UNITS and used / entries < step.epsilon <= 1e-6:
            yield rules.BELOW_ROUNDING.found(
                f"the step saw {_recent(self._ratios[id(lane)]):.2g} of the gradient that arrived; what is left "
                f"({used / entries:.1e} an entry) is below Adam's epsilon {step.epsilon:.0e}: entries move by "
                f"{seen[-1][0]:.1e} of the rate",
                subject=lane.subject, update=step.index, units=seen[-1][0],
                stage=Stage.CONFIRMED if len(seen) > 3 else Stage.SUSPECTED,
            )  # fmt: skip
        early, late = seen[:-3], seen[-3:]
        if len(early) < 3:
            return
        usual, size, rate = (statistics.median(column) for column in zip(*early, strict=True))
        same = all(abs(r - rate) < 0.5 * rate and norm > 0.1 * size for _, norm, r in late)
        if same and max(units for units, _, _ in late) < min(_UNITS, 0.05 * usual):
            yield rules.SWOLLEN.found(
                f"entries move by {late[-1][0]:.1e} of the rate, {usual:.2g} before (medians), while gradients "
                f"({late[-1][1]:.2g}, {size:.2g} before) and rates stayed",
                subject=lane.subject, update=step.index, units=late[-1][0], usual=usual,
            )  # fmt: skip

    def _decays(self, lane: Lane, step: Step) -> Found:
        self._decay[id(lane)] = self._decay[id(lane)] + 1 if step.shrinkage >= _DECAY else 0
        count = self._decay[id(lane)]
        if count in {2, 4}:
            yield rules.DECAY.found(
                f"rate times weight decay is {step.shrinkage:.2g}: so much of all weights is taken off in each update",
                subject=lane.subject, update=step.index, shrinkage=step.shrinkage,
                stage=Stage.CONFIRMED if count == 4 else Stage.SUSPECTED,
            )  # fmt: skip


def _total(norms: Iterable[float | None]) -> float:
    return math.hypot(*(norm for norm in norms if norm))


def _recent(values: Sequence[float]) -> float:
    return statistics.median(values[-3:])
