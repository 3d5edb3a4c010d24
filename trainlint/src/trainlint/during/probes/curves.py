"""What does a series of losses do: a curve of bounded length, and where it is heading."""

import math
import statistics
from collections.abc import Sequence

_BINS = 128


class Curve:
    """A series kept as at most 128 means of equally many values, and its last 32 values."""

    def __init__(self) -> None:
        self.recent: list[float] = []
        self._bins: list[float] = []
        self._width = 1
        self._open: list[float] = []

    def add(self, value: float) -> None:
        """Append a value; one that is not finite counts as none.

        Args:
            value: the next one.
        """
        if not math.isfinite(value):
            return
        self.recent.append(value)
        del self.recent[:-32]
        self._open.append(value)
        if len(self._open) == self._width:
            self._bins.append(statistics.fmean(self._open))
            self._open.clear()
        if len(self._bins) == _BINS:
            self._bins = [(a + b) / 2 for a, b in zip(self._bins[::2], self._bins[1::2], strict=True)]
            self._width *= 2

    def reaches(self, reference: float, now: float) -> bool:
        """True where it falls beyond its scatter, fast enough to pass a reference in ten times as many values.

        Args:
            reference: to be passed.
            now: where it stands.
        """
        quarter = len(self._bins) // 4
        if quarter < 4:
            return False
        last, before = self._bins[-quarter:], self._bins[-2 * quarter : -quarter]
        fall = statistics.fmean(before) - statistics.fmean(last)
        doubt = math.sqrt((statistics.variance(before) + statistics.variance(last)) / quarter)
        return fall > max(2 * doubt, 0.005 * abs(statistics.fmean(last))) and now - reference < 40 * fall


def rising(values: Sequence[float], best: int) -> bool:
    """True where a series has left its minimum for good: every later value of its last third lies above the scatter.

    Args:
        values: the series.
        best: index of its least value.
    """
    after = values[best + 1 :]
    if len(after) < 3:
        return False
    steps = [abs(b - a) for a, b in zip(values, values[1:], strict=False)]
    scatter = statistics.median(steps)
    late = after[-max(3, len(after) // 3) :]
    return min(late) > values[best] + 2 * scatter and statistics.fmean(late) > statistics.fmean(after[: len(late)])
