"""What does a series of losses do: a curve of bounded length, and where it is heading."""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

_BINS, _RECENT = 128, 32


class Curve:
    """A series kept as at most 128 means of equally many values, and its last 32 values."""

    def __init__(self) -> None:
        self.recent: list[float] = []
        self._bins: list[float] = []
        self._width = 1
        self._open: list[float] = []

    def add(self, value: float) -> None:
        """Append a value; one that is not finite counts as none."""
        if not math.isfinite(value):
            return
        self.recent.append(value)
        if len(self.recent) > _RECENT:
            del self.recent[0]
        self._open.append(value)
        if len(self._open) >= self._width:
            self._bins.append(value if self._width == 1 else statistics.fmean(self._open))
            self._open.clear()
        if len(self._bins) == _BINS:
            self._bins = [(a + b) / 2 for a, b in zip(self._bins[::2], self._bins[1::2], strict=True)]
            self._width *= 2

    def falls_by(self, gap: float) -> bool:
        """True where it falls beyond its scatter, and will fall by a gap if it goes on slowing down as it does."""
        size = len(self._bins) // 4
        if size < 4:
            return False
        earlier, before, last = (self._bins[-k * size : len(self._bins) - (k - 1) * size] for k in (3, 2, 1))
        at, fall = statistics.fmean(last), statistics.fmean(before) - statistics.fmean(last)
        doubt = math.sqrt((statistics.variance(before) + statistics.variance(last)) / size)
        if min(fall, statistics.fmean(earlier) - at) <= max(2 * doubt, 0.005 * abs(at)):
            return False
        # Each quarter falls by a fixed share of the one before; at no more than 0.95 of it, 19 times as far in all.
        slower = min(0.95, fall / max(fall, statistics.fmean(earlier) - statistics.fmean(before)))
        return fall * slower / (1 - slower) > gap


def rising(values: Sequence[float], best: int) -> bool:
    """True where a series has left its minimum for good: every later value of its last third lies above the scatter."""
    after = values[best + 1 :]
    if len(after) < 3:
        return False
    steps = [abs(b - a) for a, b in pairwise(values)]
    scatter = statistics.median(steps)
    late = after[-max(3, len(after) // 3) :]
    return min(late) > values[best] + 2 * scatter and statistics.fmean(late) > statistics.fmean(after[: len(late)])
