"""Did a gradient scaler throw the updates away?"""

import math
from itertools import groupby, pairwise

from ...findings import Finding
from ...rules import curves, updates
from ..reading.log import Log
from ..series import Kind, Series, trailing
from .subject import Subject

MANY = 10
"""Skipped updates from which they are no passing search for the scale: it halves from 65536 to 1 in 16."""
FLOOR = 1.0


def findings(subject: Subject) -> list[Finding]:
    """Updates that a scaler threw away.

    Args:
        subject: the run.
    """
    log = subject.log
    stuck = _stuck(log)
    if not stuck and not _most(log):
        return []
    told = _told(log)
    if stuck and _begun(subject):
        return [curves.SCALE_AT_FLOOR.found(told, skips=log.skips)]
    return [updates.SCALER_SKIPS.found(told, skips=log.skips)]


def _begun(subject: Subject) -> bool:
    """Whether the run trained before its updates were thrown away."""
    log, scales = subject.log, _scales(subject.log)
    if log.skips:
        return log.skips_last == log.skips and len(subject.train_curve) >= 3
    values = list(scales.values) if scales is not None else []
    high = max((i for i, v in enumerate(values) if v == max(values)), default=0)
    return subject.learns or high >= max(3, 0.2 * len(values))


def _scales(log: Log) -> Series | None:
    found = log.of(Kind.LOSS_SCALE)
    return found[0] if found else None


def _told(log: Log) -> str:
    scales = _scales(log)
    text = f"{log.skips} updates skipped" if log.skips else "updates skipped"
    text += f", {log.skips_last} of them after the last train loss" if log.skips_last else ""
    if scales is not None and len(scales.values) > 1:
        text += f"; loss scale from {max(scales.values):g} to {scales.values[-1]:g}"
    return text + (f"; {log.ended}" if log.ended else "")


def _stuck(log: Log) -> bool:
    """Whether the scale ends at its floor, or falls to the end without a train loss in between."""
    if "inimum loss scale" in log.ended:
        return True
    scales = _scales(log)
    values = [v for v in scales.values if math.isfinite(v)] if scales is not None else []
    if len(values) < 3:
        return False
    low, high = values[-1], max(values)
    floor = low <= FLOOR and low == min(values) and high >= 256 * low
    falling = trailing([b < a for a, b in pairwise(value for value, _ in groupby(values))])
    rests = trailing([v == low for v in values])
    if log.skips >= MANY and log.skips_last >= MANY and falling >= MANY - 1:
        return True
    return floor and (rests >= 5 or falling >= 8)


def _most(log: Log) -> bool:
    """Whether at least half of the steps were skipped, where anything counts steps."""
    train = log.of(Kind.TRAIN_LOSS)
    steps = [s for s in train[0].steps if math.isfinite(s)] if train else []
    span = max(steps) - min(steps) if len(steps) > 1 else 0.0
    if log.skips >= MANY and span and log.skips >= 0.5 * span and train[0].parts == [0]:
        return True
    for series in log.of(Kind.SKIPS):
        values = [v for v in series.values if math.isfinite(v)]
        places = [s for s in series.steps if math.isfinite(s)]
        if len(values) < 5 or len(places) != len(values) or places[-1] <= places[0]:
            continue
        whole = places[-1] - places[0]
        running = all(b >= a for a, b in pairwise(values)) and values[-1] > values[0]
        skipped = values[-1] - values[0] if running else sum(values[1:])
        if skipped >= 0.5 * whole:
            return True
    return False
