"""Which figures of a cell does a map show? Success, errors as ratios to the bound, and GOSPA, each with its scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .result_table import Row

_FEWEST = 10
"""Sources that a ratio must rest on to be shown."""
_WORST_RATIO = 5.0
"""From which on all ratios have one colour."""


@dataclass(frozen=True, kw_only=True)
class Merit:
    """A figure of a cell that a map can show.

    Args:
        words: what it is.
        column: of the results.
        limits: of its scale; a high end of None is the largest value shown.
        logarithmic: whether the scale is one of ratios.
        judged: column that counts the sources behind it; empty where every scene is.
    """

    words: str
    column: str
    limits: tuple[float, float | None]
    logarithmic: bool = False
    judged: str = ""

    def of(self, row: Row) -> float:
        """The figure of a row; NaN where it rests on fewer than ten sources.

        Args:
            row: of results.
        """
        few = bool(self.judged) and row[self.judged] < _FEWEST
        return math.nan if few or row[self.column] is None else float(row[self.column])

    def scale(self, rows: Sequence[Row]) -> tuple[float, float]:
        """Ends of the scale that all maps of a sweep share.

        Args:
            rows: of the sweep.
        """
        low, high = self.limits
        if high is not None:
            return low, high
        known = [value for row in rows if math.isfinite(value := self.of(row))]
        return low, max([*known, low + 1.0])

    def placed(self, value: float, scale: tuple[float, float]) -> float:
        """Where a value lies on its scale, from 0 to 1.

        >>> MERITS[1].placed(5.0, (1.0, 5.0)), MERITS[0].placed(0.25, (0.0, 1.0))
        (1.0, 0.25)

        Args:
            value: finite.
            scale: its ends.
        """
        low, high = scale
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, 1e-9))
        return min(1.0, max(0.0, (value - low) / (high - low)))


MERITS = (
    Merit(words="success", column="success", limits=(0.0, 1.0)),
    *(Merit(words=f"RMSE/CRB of the {name}", column=f"rmse_over_crb_{name}", limits=(1.0, _WORST_RATIO),
            logarithmic=True, judged=f"judged_{name}") for name in ("azimuth", "elevation", "distance")),
    Merit(words="GOSPA", column="gospa_whitened", limits=(0.0, None)),
)  # fmt: skip
"""What a map can show, the first one first."""
