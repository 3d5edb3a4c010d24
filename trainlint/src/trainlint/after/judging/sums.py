"""Is a loss printed as a sum, or as a mean, since its epoch began? Then it climbs or lags without any fault."""

import math
from collections.abc import Sequence
from itertools import pairwise

from ..series import Series, runs

FEWEST = 4
"""Values of one epoch from which a sum shows in them alone."""


def epochs_of(series: Series) -> list[Sequence[float]]:
    """The values of each epoch of the last part; all of them where no epoch is told.

    Args:
        series: any.
    """
    part = series.last_part()
    if not any(map(math.isfinite, part.epochs)):
        return [part.values]
    return [part.values[begin:end] for begin, end in runs(part.epochs)]


def sums_up(series: Series) -> bool:
    """Whether values climb through each epoch and begin the next one low: a sum since the epoch began, no loss.

    Args:
        series: any.
    """
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
    """Whether each value adds about as much as the first one holds, or less: no loss rises so evenly."""
    if len(values) < FEWEST or not values[0] > 0:
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
    """What each value of a sum adds to the one before it in its epoch.

    Args:
        series: for which `sums_up` holds.
    """
    part = series.last_part()
    added = Series(part.name, epochs=part.epochs, steps=part.steps, decimals=part.decimals)
    for values in epochs_of(series):
        added.values.extend(values[:1])
        added.values.extend(b - a for a, b in pairwise(values))
    added.zero_decimals, added.table = part.zero_decimals, part.table
    return added


def mean_at_zero(series: Series, end: int) -> bool:
    """Whether the values of the epoch before a place are means since it began, whose last member is 0 as printed.

    Args:
        series: of one part.
        end: the place, at which another epoch begins.
    """
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
