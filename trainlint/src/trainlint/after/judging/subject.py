"""Which series stand for the run, and how do they move: losses whole, as terms, or as sums since an epoch began?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from ..reading.log import Log
from ..series import Curve, Kind, Series, curve, runs, stretches


@dataclass(frozen=True)
class Subject:
    """A run as the rules see it."""

    log: Log

    @cached_property
    def train(self) -> Series | None:
        """The train loss: the whole one with most values, else the sum of its terms; a running sum is taken apart."""
        found = whole(self.log, Kind.TRAIN_LOSS)
        return taken_apart(found) if found and self.summed else found

    @cached_property
    def summed(self) -> bool:
        """Whether the train loss is printed as a sum since its epoch began."""
        found = whole(self.log, Kind.TRAIN_LOSS)
        return bool(found and sums_up(found))

    @cached_property
    def validation(self) -> Series | None:
        """The validation loss, chosen in the same way."""
        return whole(self.log, Kind.VALIDATION_LOSS)

    @cached_property
    def train_curve(self) -> Curve:
        """Levels of the train loss; empty where there is none."""
        return curve(self.train) if self.train else Curve(levels=(), places=())

    @cached_property
    def validation_curve(self) -> Curve:
        """Levels of the validation loss; empty where there is none."""
        return curve(self.validation) if self.validation else Curve(levels=(), places=())

    @cached_property
    def train_stretches(self) -> Curve | None:
        """Levels of the train loss within its epochs; None where epochs hold one value each."""
        return within(self.train, self.train_curve)

    @cached_property
    def metrics(self) -> list[Series]:
        """Metrics with a known better direction."""
        return [s for s in self.log.of(Kind.METRIC) if s.name.direction]

    @cached_property
    def learns(self) -> bool:
        """True where a loss falls, or a metric gets better, by more than a tenth and more than its noise."""
        if any(fall(c.levels) > 0.1 for c in (self.train_curve, self.validation_curve)):
            return True
        return any(improves(s) for s in self.metrics)


def within(series: Series | None, epochs: Curve) -> Curve | None:
    """The levels of a series within its epochs; None where they say no more than the epochs do."""
    fine = stretches(series) if series and not sums_up(series) else None
    return fine if fine and len(fine) > len(epochs) else None


def finest(series: Series, fewest: int, epochs: Curve | None = None) -> Curve:
    """The curve of a series: over epochs where there are enough of them, else over its values."""
    epochs = epochs or curve(series)
    return epochs if len(epochs) >= fewest else within(series, epochs) or epochs


def whole(log: Log, kind: Kind) -> Series | None:
    """The series that stands for a kind of loss."""
    found = log.of(kind) or log.of(kind, averages=True)
    total = [s for s in found if not s.name.term and len(s.values) > 1]
    terms = [s for s in found if s.name.term]
    if total and len(total[0].values) * 2 >= max(len(s.values) for s in found):
        return total[0]
    if terms:
        return _sum([s for s in terms if len(s.values) == len(terms[0].values)])
    return found[0] if found else None


def _sum(terms: list[Series]) -> Series:
    if len(terms) == 1:
        return terms[0]
    total = Series(terms[0].name, epochs=terms[0].epochs, steps=terms[0].steps, parts=terms[0].parts)
    total.values.extend(map(sum, zip(*(s.values for s in terms), strict=True)))
    total.decimals = None if any(s.decimals is None for s in terms) else max(s.decimals or 0 for s in terms)
    total.bar, total.table = terms[0].bar, terms[0].table
    return total


def mean(values: Sequence[float]) -> float:
    """The mean, without overflow of the sum."""
    return sum(v / len(values) for v in values)


def third(levels: Sequence[float], which: int) -> float:
    """The mean of a third of the levels."""
    size = max(1, len(levels) // 3)
    return mean(levels[-size:] if which == 2 else levels[which * size : (which + 1) * size])


def noise(levels: Sequence[float]) -> float:
    """The scatter of single levels about their trend: the median step from one to the next, over 0.954.

    A difference of two normal numbers has the median size 0.6745 * sqrt(2) = 0.954 standard deviations.
    """
    steps = sorted(abs(b - a) for a, b in pairwise(levels))
    return steps[len(steps) // 2] / 0.954 if steps else 0.0


def fall(levels: Sequence[float]) -> float:
    """How far the last third lies below the first, as a share of its size; 0 where that is within the noise."""
    if len(levels) < 2:
        return 0.0
    first, last = (levels[0], levels[-1]) if len(levels) < 6 else (third(levels, 0), third(levels, 2))
    size = max(abs(first), abs(last))
    if not size or (len(levels) >= 6 and abs(first - last) < 2 * noise(levels) / math.sqrt(len(levels) / 3)):
        return 0.0
    return (first - last) / size


def improves(series: Series) -> bool:
    """Whether a metric gets better by more than a tenth and more than its noise."""
    return -series.name.direction * fall(curve(series).levels) > 0.1


def better(series: Series) -> bool:
    """Whether a metric gets better by more than its noise."""
    return -series.name.direction * fall(curve(series).levels) > 0


def rank_trend(levels: Sequence[float]) -> float:
    """Kendall's rank correlation of the levels with their order, over at most 60 of them: 1 where each is higher."""
    if len(levels) > 60:
        levels = [levels[round(i * (len(levels) - 1) / 59)] for i in range(60)]
    count = len(levels)
    signs = sum((b > a) - (b < a) for i, a in enumerate(levels) for b in levels[i + 1 :])
    return signs / (count * (count - 1) / 2) if count > 1 else 0.0


def share(part: int, total: int) -> str:
    """`all 30`, or `5 of 30`."""
    return f"all {total}" if part == total else f"{part} of {total}"


FEWEST_OF_SUM = 4
"""Values of one epoch from which a sum shows in them alone."""


def epochs_of(series: Series) -> list[Sequence[float]]:
    """The values of each epoch of the last part; all of them where no epoch is told."""
    part = series.last_part()
    if not any(map(math.isfinite, part.epochs)):
        return [part.values]
    return [part.values[begin:end] for begin, end in runs(part.epochs)]


def sums_up(series: Series) -> bool:
    """Whether values climb through each epoch and begin the next one low: a sum since the epoch began, no loss."""
    epochs = [e for e in epochs_of(series) if e]
    if len(epochs) == 1:
        return _one(epochs[0])
    if len(epochs) < 2 or all(len(e) == 1 for e in epochs):
        return False
    drops = sum(b[0] < 0.7 * a[-1] for a, b in pairwise(epochs))
    if drops < 0.8 * (len(epochs) - 1):
        return False
    if sum(e[-1] > 1.3 * abs(e[0]) for e in epochs) >= 0.8 * len(epochs):
        return True
    steps = [b >= a for e in epochs for a, b in pairwise(e)]
    return sum(steps) >= 0.95 * len(steps)


def _one(values: Sequence[float]) -> bool:
    if len(values) < FEWEST_OF_SUM or not values[0] > 0:
        return False
    if not 0.3 <= (values[1] - values[0]) / values[0] <= 2:
        return False
    steps = [(b - a) / values[0] for a, b in pairwise(values)]
    if sum(s >= 0 for s in steps) < 0.95 * len(steps):
        return False
    third = max(1, len(steps) // 3)
    grows = sum(steps[-third:]) > 1.5 * sum(steps[:third])
    return not grows and max(steps) <= 3 and sum(s <= 1.5 for s in steps) >= 0.8 * len(steps)


def taken_apart(series: Series) -> Series:
    """What each value of a sum adds to the one before it in its epoch."""
    part = series.last_part()
    added = Series(part.name, epochs=part.epochs, steps=part.steps, decimals=part.decimals)
    for values in epochs_of(series):
        added.values.extend(values[:1])
        added.values.extend(b - a for a, b in pairwise(values))
    added.zero_decimals, added.table = part.zero_decimals, part.table
    return added


def mean_at_zero(series: Series, end: int) -> bool:
    """Whether the values of the epoch before a place are means since it began, whose last member is 0 as printed."""
    epoch = series.epochs[end - 1]
    if not math.isfinite(epoch) or series.epochs[end] == epoch:
        return False
    begin = end - 1
    while begin and series.epochs[begin - 1] == epoch:
        begin -= 1
    values = [0.0, *series.values[begin:end]]
    unit = 10.0 ** -(series.decimals if series.decimals is not None else 12)
    members = [j * b - (j - 1) * a for j, (a, b) in enumerate(pairwise(values), 1)]
    off = [-2 * j * unit for j in range(1, len(members) + 1)]
    return len(members) > 2 and all(m >= o for m, o in zip(members, off, strict=True)) and members[-1] <= -off[-1]
