"""What do the epochs of a log show: rates, motion, losses and validation?"""

import math
import re
import statistics
from collections.abc import Sequence
from itertools import pairwise

from ..errors import InputError
from ..findings import Finding
from ..rules import losses, numbers, updates
from .logs import Log

_DIGITS = 1e-7
"""Relative: two numbers that differ by less are printed the same."""


def findings(log: Log) -> list[Finding]:
    """What a parsed log shows, causes before symptoms.

    Args:
        log: from `parse`.

    Raises:
        InputError: the log holds no epoch.
    """
    if not log.epochs:
        raise InputError(
            "lines with an epoch and a loss", "none", "another kind of file", "pass the text that the training printed"
        )
    return [
        *_rates(log), *_motion(log), *_dedent(log), *_finite(log), *_constant(log), *_validation(log), *_terms(log),
    ]  # fmt: skip


def _rates(log: Log) -> list[Finding]:
    used = [max(max(r) for r in e.rates if r) for e in log.epochs if any(e.rates)]
    if not used:
        return []
    found = []
    first = next((i for i, rate in enumerate(used) if rate), len(used))
    # A schedule may end at 0.
    zeros = first if first or 2 * used[:-1].count(0) <= len(used) else used.count(0)
    if zeros:
        text = f"rates 0 in {'the first ' if first else ''}{zeros} of {len(used)} epochs that print them"
        found.append(updates.ZERO_RATE.found(text, epochs=zeros))
    steps = [b - a for a, b in pairwise(used)]
    rising = len(used) >= 3 and all(s > 0 for s in steps)
    total = len(log.epochs) if log.planned is None else log.planned
    if rising:
        # A straight line from 0 is a warm-up; one that still rises at the end never reached its target.
        straight = max(steps) - min(steps) <= 0.05 * max(steps)
        shape = "in a straight line" if straight else "in every epoch"
        text = f"rates rise {shape} from {used[0]:.3g} to {used[-1]:.3g} over the {len(used)} epochs that print them"
        text += f"; warm-up of {log.warmup}" if log.warmup else ""
        long = log.warmup is not None and log.warmup >= total
        everywhere = len(used) >= 0.9 * total
        if long or everywhere or (straight and first):
            found.append(updates.LOW_RATE.found(f"{text}, {total} epochs in the run", last=used[-1]))
    return found


def _motion(log: Log) -> list[Finding]:
    moves = [m for e in log.epochs for m in e.motion]
    still = moves.count(0)
    if not 2 * still > len(moves):
        return []
    claimed = sum(bool(e.stepped) for e in log.epochs)
    alive = sum(any(any(r) for r in e.rates) for e in log.epochs if e.motion)
    text = f"Δparam is 0 in {_share(still, len(moves))} places that print it"
    text += f", {alive} of them at a rate above 0, so the rate is not the only cause" if alive else ""
    text += f"; a step is claimed in {claimed} epochs" if claimed else ""
    return [updates.NO_MOTION.found(text, places=still)]


def _share(part: int, whole: int) -> str:
    return f"all {whole}" if part == whole else f"{part} of {whole}"


def _pairs(log: Log) -> list[tuple[float, float]]:
    return [
        (e.train, e.val)
        for e in log.epochs
        if e.train and e.val and math.isfinite(e.train) and math.isfinite(e.val) and e.train > 0 and e.val > 0
    ]


def _dedent(log: Log) -> list[Finding]:
    pairs = _pairs(log)
    if len(pairs) < 2:
        return []
    ratio = statistics.median(v / t for t, v in pairs)
    if log.batches and log.batches > 2 and 0.7 < ratio / log.batches < 1.43:
        train = statistics.median(t for t, _ in pairs)
        text = (
            f"train {train:.6g} times {log.batches} batches is {train * log.batches:.4g}, as large as the validation "
            f"loss {pairs[-1][1]:.4g}: the loss of one batch divided by {log.batches}"
        )
        return [updates.REPORTED_LOSS.found(text, ratio=ratio, batches=log.batches)]
    # Later epochs may overfit; a gap from the start is another loss.
    early = statistics.median(v / t for t, v in pairs[:3])
    if early > 5 or early < 0.1:
        text = f"validation is {early:.3g} times the train loss in epochs 1-3"
        return [losses.TWO_PATHS.found(text, ratio=early)]
    return []


def _finite(log: Log) -> list[Finding]:
    found = []
    bad = [e.index for e in log.epochs if e.train is not None and not math.isfinite(e.train)]
    if bad:
        found.append(losses.NOT_FINITE.found(f"train loss not finite from epoch {bad[0]} ({len(bad)} epochs)"))
    bad = [e.index for e in log.epochs if e.val is not None and not math.isfinite(e.val)]
    if bad:
        text = f"validation not finite from epoch {bad[0]} ({len(bad)} epochs)"
        found.append(losses.VALIDATION_NOT_FINITE.found(text))
    norms = [e.index for e in log.epochs if any("grad" in n and not math.isfinite(v) for n, v in e.other.items())]
    if norms:
        found.append(numbers.GRADIENT.found(f"gradient norm not finite from epoch {norms[0]} ({len(norms)} epochs)"))
    return found


def _constant(log: Log) -> list[Finding]:
    values = [e.val for e in log.epochs if e.val is not None and math.isfinite(e.val)]
    value, row = _longest_row(values)
    found = []
    # Few printed digits, or a schedule that ends near 0, repeat a number now and then.
    if row >= 3 and (row == len(values) or (10 * row >= len(values) and _digits(value) >= 5)):
        text = f"validation {value:.6f} in {_share(row, len(values))} epochs"
        found.append(losses.CONSTANT_VALIDATION.found(text, value=value, epochs=row))
    train = [e.train for e in log.epochs if e.train is not None and math.isfinite(e.train)]
    if len(train) >= 3 and not any(train):
        found.append(losses.ZERO.found(f"train loss 0 in all {len(train)} epochs"))
    elif len(train) >= 3 and max(train) == min(train):
        found.append(losses.CONSTANT.found(f"train loss {train[0]:.6g} in all {len(train)} epochs"))
    return found


def _longest_row(values: Sequence[float]) -> tuple[float, int]:
    """The value that stays the same for longest, and how often it comes in a row."""
    best, start = (0.0, 0), 0
    for end in range(1, len(values) + 1):
        if abs(values[end - 1] - values[start]) > _DIGITS * abs(values[start]):
            start = end - 1
        best = max(best, (values[start], end - start), key=lambda row: row[1])
    return best


def _digits(value: float) -> int:
    """Significant digits that a log printed, without zeros at the end."""
    return len(f"{abs(value):.12e}".partition("e")[0].replace(".", "").rstrip("0"))


def _validation(log: Log) -> list[Finding]:
    train = [e.train for e in log.epochs if e.train is not None and math.isfinite(e.train)]
    if len(train) >= 3 and train[0] > 0 and min(train[-2:]) > 10 * train[0]:
        return [losses.DIVERGED.found(f"train loss rose from {train[0]:.4g} to {train[-1]:.4g}")]
    return []


def _terms(log: Log) -> list[Finding]:
    names = {n for e in log.epochs for n in e.other}
    found = []
    for name in sorted(names):
        values = [e.other[name] for e in log.epochs if name in e.other]
        if len(values) >= 3 and not any(values) and re.search(r"loss|align|contrast|peak|term|penalty|aux", name):
            found.append(losses.DEAD_TERM.found(f"0 in all {len(values)} epochs", subject=name))
    return found
