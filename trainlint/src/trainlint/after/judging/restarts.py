"""Does a run that was restarted go on where it stopped?"""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from ...findings import Finding, Severity
from ...rules import runs
from ..series import Series
from .subject import Subject, noise

FEWEST = 3
"""Places that both sides of a restart must have in common."""


def findings(subject: Subject) -> list[Finding]:
    """A loss that is higher after a restart than it was at the same places before.

    Args:
        subject: the run.
    """
    series = subject.train
    if series is None or subject.log.rival or subject.summed or series.name.rival:
        return []
    part = series.last_part()
    places = part.epochs if part.axis == "epoch" else part.steps
    back = [i for i, (a, b) in enumerate(pairwise(places), 1) if b < a]
    if len(back) != 1:
        return []
    pairs = _pairs(part, places, back[0])
    if len(pairs) < FEWEST:
        return []
    before, after = (statistics.median(side) for side in zip(*pairs, strict=True))
    apart = min(two / one for one, two in pairs) > 1.15 and after > 1.3 * before
    if not apart or after - before < 3 * noise(part.values[max(0, back[0] - 60) : back[0]]):
        return []
    text = f"{part.name.key} is {after:.4g} after the restart at {part.at(back[0])}, and was {before:.4g} at the same "
    text += f"{len(pairs)} places before"
    return [runs.RESUME.found(text, severity=Severity.WARNING, before=before, after=after)]


def _pairs(part: Series, places: Sequence[float], start: int) -> list[tuple[float, float]]:
    """Values before and after a restart at the same places; of several at one place their last."""
    sides = [dict(zip(places[a:b], part.values[a:b], strict=True)) for a, b in ((0, start), (start, None))]
    both = [(value, sides[1][place]) for place, value in sides[0].items() if place in sides[1]]
    return [(a, b) for a, b in both if a > 0 and math.isfinite(a) and math.isfinite(b)]
