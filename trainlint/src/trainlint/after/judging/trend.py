"""Where do the losses go: do they diverge, rise, over-fit, fall without bound, jump at a restart?"""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from ...findings import Finding, Severity
from ...rules import data as data_rules
from ...rules import losses, updates
from ..reading.names import quantity
from ..series import Curve, Series
from .subject import Subject, fall, finest, mean, noise, rank_trend, third

_FAR = 3.0
"""Standard deviations of the levels before, by which a plateau of two or three lies above them."""
FEWEST = 8
"""Levels from which a trend is judged."""


def findings(subject: Subject) -> list[Finding]:
    """Where the losses go."""
    return [*_paths(subject), *_diverged(subject), *_validation(subject), *_bound(subject), *_collapse(subject)]


def _diverged(subject: Subject) -> list[Finding]:
    if subject.log.rival:
        return []
    fine = subject.train_stretches
    return _rise(subject, subject.train_curve, 1) or (_rise(subject, fine, 3) if fine is not None else [])


def _rise(subject: Subject, curve: Curve, few: int) -> list[Finding]:
    levels, places = curve.levels, curve.places
    if len(levels) < 3 * few:
        return []
    jump = _jump(levels, few + 1)
    if jump is not None:
        text = f"train loss {mean(levels[max(0, jump - 3) : jump]):.4g} before {places[jump]}"
        text += f", {levels[-1]:.4g} at the end, where it stays; its first value was {levels[0]:.4g}"
        return [losses.DIVERGED.found(text, first=levels[0], last=levels[-1], since=jump / len(levels))]
    if levels[0] > 0 and min(levels[-1 - few :]) > 10 * max(levels[:few]):
        return [losses.DIVERGED.found(f"train loss rose from {levels[0]:.4g} to {levels[-1]:.4g}")]
    first, last = third(levels, 0), third(levels, 2)
    low = levels.index(min(levels))  # from which it may have turned, and climbed far above its start
    turned = len(levels) - low >= FEWEST and rank_trend(levels[low:]) > 0.6 and last > 2 * max(levels[: low + few]) > 0
    rises = len(levels) >= FEWEST and rank_trend(levels) > 0.6 and last - first > 0.15 * max(abs(first), 1e-12)
    rises = rises or turned
    if not rises:
        return []
    text = f"train loss rises from {levels[0]:.4g} to {levels[-1]:.4g} over {len(levels)} levels"
    both = len(subject.validation_curve) >= 3 and fall(subject.validation_curve.levels) < 0
    return [losses.RISING.found(text + (", and so does the validation loss" if both else ""))]


def _jump(levels: Sequence[float], fewest: int) -> int | None:
    count = len(levels)
    for start in range(3, count - fewest + 1):
        head, tail = levels[:start], levels[start:]
        before = statistics.median(head[-3:])
        if before <= 0 or levels[start] < 1.3 * head[-1] or min(tail) <= before * 1.3:
            continue
        over = min(tail) > 1.05 * max(head) and statistics.median(tail) > 1.4 * statistics.median(head)
        over = over and (len(tail) > 3 or min(tail) > statistics.median(head) + _FAR * noise(head))
        stays = count - start >= max(4, 0.1 * count) and min(tail) > 1.8 * before and not _recovers(tail)
        if over or stays:
            return start
    return None


def _recovers(tail: Sequence[float]) -> bool:
    return tail[-1] < 0.8 * tail[0] or (len(tail) >= 6 and rank_trend(tail) < -0.4)


def _validation(subject: Subject) -> list[Finding]:
    val, train = subject.validation_curve, subject.train_curve
    if subject.validation:
        val = finest(subject.validation, FEWEST, val)
    if len(val) < FEWEST or subject.log.rival:
        return []
    smooth = [statistics.median(val.levels[max(0, i - 1) : i + 2]) for i in range(len(val))]
    best = min(range(len(val)), key=lambda i: smooth[i])
    low, end = smooth[best], mean(val.levels[-3:])
    rise = end / low if low > 0 else 1 + (end - low) / max(abs(low), 1e-12)
    after = val.levels[best:]
    if 2 * best >= len(val) or rise < 1.3 or rank_trend(after) < 0.4 or _jump(val.levels, 2) == len(val) - 1:
        return []
    if fall(train.levels) <= 0 and len(train) >= 3:
        return []
    better = [s.name.key for s in subject.metrics if _still_better(s)]
    best = min(range(len(val)), key=val.levels.__getitem__)
    low = val.levels[best]
    text = f"{_named(subject.validation)} is best at {val.places[best]} ({low:.4g}) and rises to {end:.4g} at the end"
    text += (
        f" of {len(val)} while the train loss falls to {train.levels[-1]:.4g}" if train.levels else f" of {len(val)}"
    )
    text += f"; {better[0]} still gets better" if better else ""
    weight = Severity.NOTE if better and rise < 3 else None
    return [losses.OVERFIT.found(text, severity=weight, best=low, last=end)]


def _named(series: Series | None) -> str:
    return series.name.key if series is not None else "validation"


def _still_better(series: Series) -> bool:
    held_out = series.name.key.startswith(("val", "eval", "test", "dev", "metrics"))
    if not held_out or not {"train", "training", "trn"}.isdisjoint(series.name.key.split("_")):
        return False
    levels = [series.name.direction * v for v in finest(series, FEWEST).levels]
    return len(levels) >= 3 and third(levels, 2) > max(third(levels, 0), third(levels, 1))


def _bound(subject: Subject) -> list[Finding]:
    levels = finest(subject.train, 6, subject.train_curve).levels if subject.train else ()
    if len(levels) < 6 or subject.log.rival or levels[-1] >= 0:
        return []
    early, late = levels[0] - levels[len(levels) // 3], levels[-1 - len(levels) // 3] - levels[-1]
    if abs(levels[-1]) < 50 * max(abs(levels[0]), 1.0) or late < 2 * max(early, 0.0):
        return []
    return [losses.NO_BOUND.found(f"train loss falls from {levels[0]:.4g} to {levels[-1]:.4g}, faster and faster")]


def _collapse(subject: Subject) -> list[Finding]:
    for series in subject.metrics:
        levels = finest(series, FEWEST).levels
        reward = "rew" in series.name.key or "return" in series.name.key
        if series.name.direction < 0 or (subject.log.rival and not reward) or len(levels) < FEWEST:
            continue
        size = max(3, len(levels) // 10)
        best, tail = statistics.median(sorted(levels)[-3:]), levels[-size:]
        # A few lucky episodes are no level of a reward.
        count = len(levels)
        held = (
            max(sorted(levels[k : k + count // 3])[count // 12] for k in (count // 6, count // 3)) if reward else best
        )
        if held > 0 and max(tail) < 0.5 * held and third(levels, 0) < best:
            text = f"{series.name.key} was {best:.4g} and is {tail[-1]:.4g} in the last {size} values"
            return [losses.METRIC_COLLAPSED.found(text, subject=series.name.key, best=best, last=tail[-1])]
    return []


def _paths(subject: Subject) -> list[Finding]:
    pairs = _pairs(subject.train_curve, subject.validation_curve)
    if len(pairs) < 2 or subject.log.rival or subject.summed or _of_different_things(subject):
        return []
    ratio, batches = statistics.median(v / t for t, v in pairs), subject.log.batches
    if batches and batches > 2 and 0.7 < ratio / batches < 1.43:
        train = statistics.median(t for t, _ in pairs)
        text = (
            f"train {train:.6g} times {batches} batches is {train * batches:.4g}, as large as the validation "
            f"loss {pairs[-1][1]:.4g}: the loss of one batch divided by {batches}"
        )
        return [updates.REPORTED_LOSS.found(text, ratio=ratio, batches=batches)]
    early = [v / t for t, v in pairs[:3]]
    if len(pairs) >= 3 and (min(early) > 5 or max(early) < 0.1):
        # Later epochs may overfit; a gap from the start is another loss.
        text = f"validation is {statistics.median(early):.3g} times the train loss in its first three places"
        return [losses.TWO_PATHS.found(text, ratio=statistics.median(early))]
    return []


def _of_different_things(subject: Subject) -> bool:
    stated = [quantity(series.name.key) for series in (subject.train, subject.validation) if series is not None]
    return all(stated) and len(set(stated)) > 1


def _pairs(train: Curve, val: Curve) -> list[tuple[float, float]]:
    places = dict(zip(train.places, train.levels, strict=True))
    return (
        [(places[p], v) for p, v in zip(val.places, val.levels, strict=True) if p in places and v > 0 and places[p] > 0]
        if math.isfinite(sum(train.levels) + sum(val.levels))
        else []
    )


COMMON = 3
"""Places that both sides of a restart must have in common."""


def restarted(subject: Subject) -> list[Finding]:
    """A loss that is higher after a restart than it was at the same places before."""
    series = subject.train
    if series is None or subject.log.rival or subject.summed or series.name.rival:
        return []
    part = series.last_part()
    places = part.epochs if part.axis == "epoch" else part.steps
    back = [i for i, (a, b) in enumerate(pairwise(places), 1) if b < a]
    if len(back) != 1:
        return []
    pairs = _both_sides(part, places, back[0])
    if len(pairs) < COMMON:
        return []
    before, after = (statistics.median(side) for side in zip(*pairs, strict=True))
    apart = min(two / one for one, two in pairs) > 1.15 and after > 1.3 * before
    if not apart or after - before < 3 * noise(part.values[max(0, back[0] - 60) : back[0]]):
        return []
    text = f"{part.name.key} is {after:.4g} after the restart at {part.at(back[0])}, and was {before:.4g} at the same "
    text += f"{len(pairs)} places before"
    return [data_rules.RESUME.found(text, severity=Severity.WARNING, before=before, after=after)]


def _both_sides(part: Series, places: Sequence[float], start: int) -> list[tuple[float, float]]:
    sides = [dict(zip(places[a:b], part.values[a:b], strict=True)) for a, b in ((0, start), (start, None))]
    both = [(value, sides[1][place]) for place, value in sides[0].items() if place in sides[1]]
    return [(a, b) for a, b in both if a > 0 and math.isfinite(a) and math.isfinite(b)]
