"""What do the printed rates, gradient norms, motions and loss scales say?"""

import math
import statistics
from collections.abc import Sequence
from itertools import groupby, islice, pairwise
from operator import lt

from ...findings import Finding, Severity
from ...rules import losses, updates
from ..reading.log import Log
from ..series import Kind, Series, trailing
from .standstill import FLAT, longest_row
from .subject import Subject, fall, finest, mean, share

ENDING = 0.1
"""The share of a run for which a schedule may end at 0."""


def findings(subject: Subject, *, skipped: bool, explained: bool, still: bool) -> list[Finding]:
    """What rates, motions and gradient norms say; `still` where a loss does not move."""
    zero = [] if skipped else _zero(subject, still=still)
    warmup = [] if explained else _warmup(subject)
    return [*zero, *warmup, *_motion(subject.log), *_norms(subject)]


def used_rates(log: Log) -> Series | None:
    """The largest rate of all groups at each place that prints them."""
    found = [s for s in log.of(Kind.RATE) if s.values]
    same = [s for s in found if len(s.values) == len(found[0].values)] if found else []
    if len(same) < 2:
        return same[0] if same else None
    largest = Series(same[0].name, epochs=same[0].epochs, steps=same[0].steps, parts=same[0].parts)
    largest.values.extend(map(max, zip(*(s.values for s in same), strict=True)))
    largest.zero_decimals = max(s.zero_decimals for s in same)
    return largest


def _zero(subject: Subject, *, still: bool) -> list[Finding]:
    series = used_rates(subject.log)
    if series is None or 0 not in series.values:
        return []
    series = series.last_part()
    values = list(series.values)
    first, last = trailing([v == 0 for v in reversed(values)]), trailing([v == 0 for v in values])
    _, row, end = longest_row([0.0 if v == 0 else float(i + 1) for i, v in enumerate(values)])
    zero_row = row if row > 1 else int(0 in values)
    each_epoch = _each_epoch(series)
    allowed = max(1 if each_epoch else 2, ENDING * len(values))
    if first and first < len(values) and (each_epoch or first > max(2, 0.05 * len(values))):
        start, count = 0, first
    elif zero_row > allowed and values[end - 1] == 0 and (zero_row > 1 or len(values) == 1):
        start, count = end - zero_row, zero_row
    else:
        return []
    if _rounded(series, learns=subject.learns, still=still):
        return []
    mild = Severity.NOTE if count == 1 and subject.learns else None
    weight = Severity.WARNING if subject.learns and mild is None and last != len(values) else mild
    text = f"rates 0 in {'the first ' if not start and count < len(values) else ''}{share(count, len(values))} "
    text += f"{'epochs' if each_epoch else 'places'} that print them"
    text += f", from {series.at(start)} to {series.at(start + count - 1)}" if count > 1 else ""
    return [updates.ZERO_RATE.found(text, severity=weight, epochs=count)]


_FINE = 6
"""Decimals of a 0 from which the rate moves nothing, whatever it is."""


def _rounded(series: Series, *, learns: bool, still: bool) -> bool:
    largest = max(series.values) * 10.0**series.zero_decimals
    small = largest < 100 or (learns and largest < 1000)
    return small and 2 <= series.zero_decimals < (_FINE if still and not learns else math.inf)


def _each_epoch(series: Series) -> bool:
    known = [e for e in series.epochs if math.isfinite(e)]
    return len(known) == len(series.values) and len(set(known)) == len(known) and all(e == int(e) for e in known)


def _warmup(subject: Subject) -> list[Finding]:
    series, log = used_rates(subject.log), subject.log
    used = list(series.last_part().values) if series is not None else []
    if len(used) < 3 or not all(map(lt, used, islice(used, 1, None))) or subject.learns:
        return []
    steps = [b - a for a, b in pairwise(used)]
    total = max(len(subject.train_curve), len(subject.validation_curve), 1) if log.planned is None else log.planned
    # A straight line from 0 is a warm-up; one that still rises at the end never reached its target.
    straight = max(steps) - min(steps) <= 0.05 * max(steps)
    shape = "in a straight line" if straight else "everywhere"
    text = f"rates rise {shape} from {used[0]:.3g} to {used[-1]:.3g} over the {len(used)} places that print them"
    text += f"; warm-up of {log.warmup}" if log.warmup else ""
    long = log.warmup is not None and log.warmup >= total
    if long or len(used) >= 0.9 * total or (straight and not used[0]):
        return [updates.LOW_RATE.found(f"{text}, {total} epochs in the run", last=used[-1])]
    return []


def _motion(log: Log) -> list[Finding]:
    moves = [m for s in log.of(Kind.MOTION) for m in s.values]
    still = moves.count(0)
    if not 2 * still > len(moves):
        return []
    rates = used_rates(log)
    alive = sum(bool(v) for v in rates.values) if rates is not None else 0
    text = f"Δparam is 0 in {share(still, len(moves))} places that print it"
    text += f", rates are above 0 in {alive} places, so the rate is not the only cause" if alive else ""
    text += f"; a step is claimed {log.stepped} times" if log.stepped else ""
    return [updates.NO_MOTION.found(text, places=still)]


_APART, _JUMP, _AGAIN = 10.0, 1.5, 3
"""How often a norm, and a loss, is what it is beside a spike; one or two spikes are bad batches."""


def _norms(subject: Subject) -> list[Finding]:
    for series in subject.log.of(Kind.GRADIENT_NORM):
        values = [v for v in series.last_part().values if math.isfinite(v)]
        if len(values) >= 5 and not any(values):
            return [updates.ZERO_GRADIENT.found(f"{series.name.key} is 0 in all {len(values)} places that print it")]
        if dead := _dead(subject, series.last_part()):
            return dead
        levels = finest(series, 8).levels
        if len(levels) < 8 or subject.log.rival:
            continue
        if spikes := _spikes(subject, series):
            return spikes
        head, tail = levels[: len(levels) // 2], levels[-max(3, len(levels) // 10) :]
        grows = statistics.median(tail) / max(head) if max(head) > 0 else 0.0
        if grows > 100 or (grows > 20 and fall(subject.train_curve.levels) < 0):
            text = f"{series.name.key} was at most {max(head):.3g} in the first half and is {tail[-1]:.3g} at the end"
            return [updates.EXPLODING.found(text, grows=grows)]
    return []


def _dead(subject: Subject, norms: Series) -> list[Finding]:
    zeros, total = trailing([v == 0 for v in norms.values]), len(norms.values)
    if subject.train is None or not max(4, ENDING * total) < zeros < total:
        return []
    at, before = total - zeros, norms.values[total - zeros - 1]
    loss, by_epoch = subject.train.last_part(), norms.axis == subject.train.axis == "epoch"
    places, where = (loss.epochs, norms.epochs[at]) if by_epoch else (loss.steps, norms.steps[at])
    if not math.isfinite(where):
        places, where = range(len(loss.values)), at * len(loss.values) / total
    early, late = (
        [v for p, v in zip(places, loss.values, strict=True) if (p >= where) is side] for side in (False, True)
    )
    small = norms.decimals is not None and before < 10 * 10.0**-norms.decimals  # it became so bit by bit
    if small or min(len(early), len(late)) < 3 or fall(late) > FLAT or abs(mean(late)) < 0.01 * max(map(abs, early)):
        return []
    text = (
        f"{norms.name.key} is 0 from {norms.at(at)} to the end ({share(zeros, total)} places), and {before:.4g} before"
    )
    return [updates.ZERO_GRADIENT.found(f"{text}; the loss stays at {mean(late):.4g}")]


def _peaks(values: Sequence[float], factor: float) -> set[int]:
    around = [sorted([*values[max(0, i - 4) : i], *values[i + 1 : i + 5]]) for i in range(len(values))]
    return {i for i, near in enumerate(around) if len(near) > 5 and values[i] > factor * near[len(near) // 2] > 0}


def _spikes(subject: Subject, norms: Series) -> list[Finding]:
    loss, held = subject.train, subject.validation
    if loss is None or len(loss.values) != len(norms.values):
        return []
    both = sorted(_peaks(norms.values, _APART) & _peaks(loss.values, _JUMP))
    if len(both) < _AGAIN:
        return []
    text = f"{norms.name.key} is above {_APART:g} times its usual size at {len(both)} places, {norms.at(both[0])} to "
    text += f"{norms.at(both[-1])}; the train loss jumps with it, and comes back"
    lasting = held is not None and len(_peaks(held.values, _JUMP)) >= _AGAIN
    text += ", and so does the validation loss" if lasting else ""
    return [updates.EXPLODING.found(text, severity=None if lasting else Severity.NOTE)]


MANY = 10
"""Skipped updates from which they are no passing search for the scale: it halves from 65536 to 1 in 16."""
FLOOR = 1.0


def scaled(subject: Subject) -> list[Finding]:
    """Updates that a scaler threw away."""
    log = subject.log
    stuck = _stuck(log)
    if not stuck and not _most(log):
        return []
    told = _told(log)
    if stuck and _begun(subject):
        return [losses.SCALE_AT_FLOOR.found(told, skips=log.skips)]
    return [updates.SCALER_SKIPS.found(told, skips=log.skips)]


def _begun(subject: Subject) -> bool:
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
