"""What does not move: constant losses, flat losses, dead terms, metrics that see nothing?"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from ...findings import Finding, Severity
from ...rules import losses
from ..reading.names import held_out
from ..series import Kind, Series, curve
from .subject import Subject, fall, improves, mean, noise, share, third

_DIGITS = 1e-9
"""Relative: two numbers that differ by less are printed the same."""
_ENOUGH = {1: 40, 2: 25, 3: 8}
"""Values that must be equal, by their digits; of four and more digits three are enough."""
_PARTS = ("loss", "align", "contrast", "peak", "term", "penalty", "aux")


def findings(subject: Subject) -> list[Finding]:
    """What does not move."""
    constant = [*_validation(subject), *_train(subject)]
    flat = [] if constant else _flat(subject)
    return [*constant, *flat, *_terms(subject), *_metrics(subject), *_held_out(subject)]


def _held_out(subject: Subject) -> Iterator[Finding]:
    if subject.train is not None or subject.validation is not None or subject.log.rival:
        return
    seen = [s for s in subject.metrics if len(s.values) >= 8]
    still = [s for s in seen if held_out(s.name.key) and not moves(s.values) and s.values[0] not in {0.0, 1.0, 100.0}]
    moved = [s for s in seen if improves(s) and not held_out(s.name.key)]
    if still and moved:
        value, count = still[0].values[0], len(still[0].values)
        text = f"{still[0].name.key} {value:.6g} in all {count} values, while {moved[0].name.key} gets better"
        yield losses.CONSTANT_VALIDATION.found(text, value=value, epochs=count, severity=Severity.WARNING)


def _validation(subject: Subject) -> Iterator[Finding]:
    series = subject.validation
    if series is None:
        return
    values = _finite(series)
    value, row, end = longest_row(values)
    total, digits = len(values), _printed(series, value)
    part = row >= 3 and digits >= 5 and row >= (0.2 * total + 1 if end == total else 0.1 * total)
    part = part and not _converged(values, end - row)
    if (row == total and row >= _ENOUGH.get(digits, 3)) or (part and row < total):
        unit = "epochs" if series.axis == "epoch" else "values"
        text = f"{series.name.key} {value:.6f} in {share(row, total)} {unit}"
        since = (end - row + 1) / total if row < total == end else 0.0
        yield losses.CONSTANT_VALIDATION.found(text, value=value, epochs=row, since=since)


def _converged(values: Sequence[float], start: int) -> bool:
    return start > 0 and abs(values[start - 1] - values[start]) < 1e-4 * abs(values[start])


def _train(subject: Subject) -> Iterator[Finding]:
    series = subject.train
    values = _finite(series) if series is not None else []
    if series is None or len(values) < 3:
        return
    if not any(values):
        if not subject.log.rival:
            yield losses.ZERO.found(f"{series.name.key} 0 in all {len(values)} values")
        return
    value = values[0]
    others = [len(s.values) for s in subject.log.of(Kind.METRIC) if series.bar and s.bar]
    told = max([len(values), *others])  # of equal values a bar's are counted once an epoch
    if not moves(values) and told >= _ENOUGH.get(_printed(series, value), 4):
        yield losses.CONSTANT.found(f"{series.name.key} {value:.6g} in all {len(values)} values", value=value)


def _finite(series: Series) -> Sequence[float]:
    if series.bar:
        return curve(series).levels
    return [v for v in series.last_part().values if math.isfinite(v)]


def moves(values: Sequence[float]) -> bool:
    """Whether values differ at all."""
    finite = values if all(map(math.isfinite, values)) else list(filter(math.isfinite, values))
    return bool(finite) and max(finite) - min(finite) > _DIGITS * abs(finite[0])


def longest_row(values: Sequence[float]) -> tuple[float, int, int]:
    """The value that stays the same for longest, how often it comes in a row, and where that row ends."""
    best, start, end = (0.0, 0, 0), 0, 0
    first = values[0] if values else 0.0
    for value, row in groupby(values):
        if abs(value - first) > _DIGITS * abs(first):
            first, start = value, end
        end += len(list(row))
        if end - start > best[1]:
            best = first, end - start, end
    return best


def _printed(series: Series, value: float) -> int:
    if series.decimals is None:
        return 9
    whole = round(min(abs(value) * 10.0**series.decimals, 1e15))
    return len(str(whole)) if whole else 1


FLAT = 0.005
"""The share of its level within which a flat loss stays, half of it where fewer than ten levels are known.

Of 1500 drawn curves that learn, with noise from 0 to 20 %, none stays within it.
"""
_CHANCE = (2, 3, 4, 5, 6, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 365, 512, 1000, 1024, 21841)


def _flat(subject: Subject) -> list[Finding]:
    series, epochs, fine = subject.train, subject.train_curve, subject.train_stretches
    if series is None or subject.log.rival or not _from_the_start(series):
        return []
    flat = [epochs] if _still(epochs.levels, guess=True) else []
    if not flat and fine is not None and _still(fine.levels, guess=len(epochs) < _LONG):
        flat = [fine]
    if not flat or _learns_elsewhere(subject):
        return []
    levels, places = flat[0].levels, flat[0].places
    level = mean(levels)
    text = f"{series.name.key} stays at {level:.4g} within {_spread(levels, level):.2%} over {len(levels)} levels"
    return [losses.FLAT.found(f"{text}, {places[0]} to {places[-1]}")]


def _still(levels: Sequence[float], *, guess: bool) -> bool:
    if len(levels) < 6:
        return False
    level = mean(levels)
    spread, change = _spread(levels, level), abs(third(levels, 0) - third(levels, 2))
    still = spread <= (FLAT if len(levels) >= 10 else FLAT / 2) and change <= FLAT / 2 * abs(level)
    return still or (guess and _at_chance(levels, level, spread))


def _spread(levels: Sequence[float], level: float) -> float:
    return (max(levels) - min(levels)) / abs(level) if level else math.inf


_LONG = 15
"""Levels from which the loss of a guess is told from a slow start."""


def _at_chance(levels: Sequence[float], level: float, spread: float) -> bool:
    near = any(abs(level - math.log(k)) < 0.01 * level for k in _CHANCE)
    change = abs(third(levels, 0) - third(levels, 2))
    return near and spread < 0.05 and len(levels) >= _LONG and change < 2 * noise(levels) / math.sqrt(len(levels) / 3)


def _from_the_start(series: Series) -> bool:
    part = series.last_part()
    epoch, step = part.epochs[0], part.steps[0]
    if math.isfinite(epoch):
        return epoch <= max(2.0, 0.05 * part.epochs[-1])
    return not math.isfinite(step) or step <= max(1.0, 0.2 * part.steps[-1])


def _learns_elsewhere(subject: Subject) -> bool:
    return fall(subject.validation_curve.levels) > 0.02 or any(improves(s) for s in subject.metrics)


def _terms(subject: Subject) -> Iterator[Finding]:
    for series in subject.log.of(Kind.TRAIN_LOSS, Kind.OTHER):
        key, values = series.name.key, series.values
        named = series.name.term or series.name.kind is Kind.OTHER
        single_class = "cls" in key or series.name.rival
        if named and len(values) >= 3 and not any(values) and any(p in key for p in _PARTS) and not single_class:
            yield losses.DEAD_TERM.found(f"0 in all {len(values)} values", subject=key)


_SEEING = ("acc", "f1", "auc", "precision", "recall", "iou", "dice", "map", "jaccard", "kappa", "mcc", "top", "score")


def _metrics(subject: Subject) -> Iterator[Finding]:
    seen = [s for s in subject.metrics if len(s.values) >= 8 and any(w in s.name.key for w in _SEEING)]
    moved = max((fall(c.levels) for c in (subject.train_curve, subject.validation_curve)), default=0.0)
    still = [s for s in seen if not moves(s.values) and (moved >= 0.25 or not any(s.values))]
    if subject.log.rival:
        return
    perfect = all(s.values[0] in {1.0, 100.0} for s in still)
    if still and not perfect:
        names = ", ".join(f"{s.name.key} {s.values[0]:.6g}" for s in still[:3])
        text = f"{names} never moves in {len(still[0].values)} values"
        text = f"the loss falls by {moved:.0%} and {text}" if moved > 0 else text
        # What is printed together is measured together: one class may score nothing for long, all may not.
        alone = any(all(s in still for s in seen if len(s.values) == len(one.values)) for one in still)
        weight = None if alone else Severity.NOTE
        yield losses.BLIND.found(text, severity=weight, moved=moved)
