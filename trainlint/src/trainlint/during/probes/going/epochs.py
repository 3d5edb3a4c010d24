"""What do the validation values that a loop reports per epoch show?"""

import math
import statistics
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import torch

from ....findings import Severity, Stage
from ....rules import losses as rules
from ...run import Epoch, Run
from ..probe import Found, Probe
from .curves import rising

_DIGITS = 1e-7
"""Relative: two float32 numbers that differ by less are printed the same to six decimals."""
_GAP = 5.0
"""Dropout and small data separate train and validation by 2; a factor of 5 from the start is another loss."""
_PARTS = 1000
"""Samples of a validation set up to which a share of them is taken for one."""


class Validation(Probe):
    """The validation loss over epochs."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Constant to the last digit, not finite, or of another scale than train from the start."""
        if epoch.val is None:
            return
        if not math.isfinite(epoch.val):
            yield rules.VALIDATION_NOT_FINITE.found(f"validation is {epoch.val} in epoch {epoch.index}")
            return
        yield from self._constant(run, Stage.SUSPECTED)
        yield from _gap(run, epoch)

    def asked(self, run: Run) -> Found:
        """The end of the run is one more look."""
        yield from self._constant(run, Stage.CONFIRMED)

    def _constant(self, run: Run, stage: Stage) -> Found:
        values = _validated(run)
        if len(values) < 3 or not same(values[-3:]):
            if values:
                yield rules.CONSTANT_VALIDATION.withdrawn(f"validation is {values[-1]:.6g} now")
            return
        # Never moved since the first epoch: not a plateau, which is reached by moving.
        fresh = same(values)
        severity = None if fresh else Severity.NOTE
        if is_share(values[-1]):
            # A share of samples, such as an accuracy, may well come again; the best and the worst may stay for ever.
            rare = fresh and len(values) >= 8 and values[-1] not in {0.0, 1.0, 100.0}
            severity = Severity.WARNING if rare else Severity.NOTE
        count = len(values) if fresh else 3
        yield rules.CONSTANT_VALIDATION.found(
            f"validation {values[-1]:.6f} in {count} epochs, {run.applied} updates applied",
            severity=severity, value=values[-1], epochs=len(values), updates=run.applied,
            stage=Stage.CONFIRMED if count > 3 else stage,
        )  # fmt: skip


def _validated(run: Run) -> list[float]:
    """The values of epochs in which something was validated: in between, many loops repeat the last one."""
    passes = any(e.judged or e.misjudged for e in run.epochs)
    return [e.val for e in run.epochs if e.val is not None and (e.judged or e.misjudged or not passes)]


def _gap(run: Run, epoch: Epoch) -> Found:
    pairs = [(e.train, e.val) for e in run.epochs if e.train and e.val and e.train > 0 and e.val > 0]
    if epoch.index < 3 or len(pairs) != len(run.epochs):
        return
    ratios = [v / t for t, v in pairs]
    if epoch.index == 3 and min(ratios) > _GAP and not _opposite(pairs):
        yield rules.TWO_PATHS.found(
            f"validation is {statistics.median(ratios):.3g} times the train loss in epochs 1-3", ratio=ratios[1]
        )
    elif epoch.index > 3 and (ratios[-1] < _GAP / 2 or _opposite(pairs)):
        yield rules.TWO_PATHS.withdrawn(f"validation is {ratios[-1]:.3g} times the train loss in epoch {epoch.index}")


def _opposite(pairs: Sequence[tuple[float, float]]) -> bool:
    """True where validation rises while train falls, as an accuracy does; over-fitting has a rule of its own."""
    return all(b[0] <= a[0] and b[1] >= a[1] for a, b in pairwise(pairs))


def is_share(value: float) -> bool:
    """True for k/n with n up to a thousand, also in per cent, and for whole numbers.

    Args:
        value: as a loop reports it, in double or rounded to single precision.
    """
    for own in (value, value / 100):
        near = Fraction(own).limit_denominator(_PARTS)
        exact = float(near)
        single = float(torch.tensor(exact, dtype=torch.float32))
        if own in {exact, single} or abs(own - exact) <= 2e-16 * abs(exact):
            return True
    return float(value).is_integer()


class Overfit(Probe):
    """Validation that rises while train falls, or together with it: a warning with its curve."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Suspected as soon as it shows; a second descent withdraws it."""
        return self._judge(run, Stage.SUSPECTED)

    def asked(self, run: Run) -> Found:
        """The curve as it is when the verdict is asked for."""
        return self._judge(run, Stage.CONFIRMED)

    def _judge(self, run: Run, stage: Stage) -> Found:
        rows = [(e.index, _train(e), e.val) for e in run.epochs if e.val is not None and math.isfinite(e.val)]
        vals = [v for _, _, v in rows]
        if len(vals) < 6 or min(vals) <= 0:
            return
        best = vals.index(min(vals))
        if not _looks_like_a_loss(rows, best) or not rising(vals, best) or vals[-1] < 1.25 * vals[best]:
            yield rules.OVERFIT.withdrawn(f"validation is {vals[-1]:.4g} now")
            yield rules.VALIDATION_RISES.withdrawn(f"validation is {vals[-1]:.4g} now")
            return
        then, now = rows[best][1], rows[-1][1]
        text = (
            f"validation has risen from {vals[best]:.4g} in epoch {rows[best][0]} to {vals[-1]:.4g} in epoch "
            f"{rows[-1][0]}"
        )
        curve = "; curve " + " ".join(f"{v:.3g}" for v in _thinned(vals))
        numbers = {"best": vals[best], "last": vals[-1], "epoch": rows[best][0]}
        if then is not None and now is not None and now < 0.9 * then:
            text += f" ({vals[-1] / vals[best]:.2g} times), while train fell from {then:.4g} to {now:.4g}"
            yield rules.OVERFIT.found(text + curve, stage=stage, update=run.applied, **numbers)
        elif len(run.lanes) == 1:
            yield rules.VALIDATION_RISES.found(text + curve, stage=stage, update=run.applied, **numbers)


def _train(epoch: Epoch) -> float | None:
    own = [v for v in epoch.losses if math.isfinite(v)]
    mean = statistics.fmean(own) if own else None
    return epoch.train if epoch.train is not None else mean


def _looks_like_a_loss(rows: Sequence[tuple[int, float | None, float]], best: int) -> bool:
    """True for values that fell first, or that began near the train loss and have left the range of a share."""
    first, lowest, last = rows[0][2], rows[best][2], rows[-1][2]
    if best > 0 and first > 1.05 * lowest:
        return True
    train = rows[0][1]
    return train is not None and train > 0 and 0.4 < first / train < 2.5 and last > 1.05


def _thinned(values: Sequence[float], most: int = 12) -> list[float]:
    step = max(1, -(-len(values) // most))
    return [*values[:-1:step], values[-1]]


def same(values: Sequence[float]) -> bool:
    """True where all values agree to seven digits."""
    return max(values) - min(values) <= _DIGITS * max(abs(v) for v in values)
