"""What do validation and metrics say, epoch by epoch?"""

import math
import re
import statistics
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import torch

from ....findings import Severity, Stage
from ....rules import data as data_rules
from ....rules import losses as loss_rules
from ...run import Epoch, Run
from ..probe import Found, Probe

_DIGITS = 1e-7
"""Relative: float32 numbers that differ by less print alike."""
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
            yield loss_rules.VALIDATION_NOT_FINITE.found(f"validation is {epoch.val} in epoch {epoch.index}")
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
                yield loss_rules.CONSTANT_VALIDATION.withdrawn(f"validation is {values[-1]:.6g} now")
            return
        # Never moved since the first epoch: not a plateau, which is reached by moving.
        fresh = same(values)
        severity = None if fresh else Severity.NOTE
        if is_share(values[-1]):
            # A share of samples, such as an accuracy, may well come again; the best and the worst may stay for ever.
            rare = fresh and len(values) >= 8 and values[-1] not in {0.0, 1.0, 100.0}
            severity = Severity.WARNING if rare else Severity.NOTE
        count = len(values) if fresh else 3
        yield loss_rules.CONSTANT_VALIDATION.found(
            f"validation {values[-1]:.6f} in {count} epochs, {run.applied} updates applied",
            severity=severity, value=values[-1], epochs=len(values), updates=run.applied,
            stage=Stage.CONFIRMED if count > 3 else stage,
        )  # fmt: skip


def _validated(run: Run) -> list[float]:
    passes = any(e.judged or e.misjudged for e in run.epochs)
    return [e.val for e in run.epochs if e.val is not None and (e.judged or e.misjudged or not passes)]


def _gap(run: Run, epoch: Epoch) -> Found:
    pairs = [(e.train, e.val) for e in run.epochs if e.train and e.val and e.train > 0 and e.val > 0]
    if epoch.index < 3 or len(pairs) != len(run.epochs):
        return
    ratios = [v / t for t, v in pairs]
    if epoch.index == 3 and min(ratios) > _GAP and not _opposite(pairs):
        yield loss_rules.TWO_PATHS.found(
            f"validation is {statistics.median(ratios):.3g} times the train loss in epochs 1-3", ratio=ratios[1]
        )
    elif epoch.index > 3 and (ratios[-1] < _GAP / 2 or _opposite(pairs)):
        yield loss_rules.TWO_PATHS.withdrawn(
            f"validation is {ratios[-1]:.3g} times the train loss in epoch {epoch.index}"
        )


def _opposite(pairs: Sequence[tuple[float, float]]) -> bool:
    return all(b[0] <= a[0] and b[1] >= a[1] for a, b in pairwise(pairs))


def is_share(value: float) -> bool:
    """True for k/n with n up to a thousand, also in per cent, and for whole numbers."""
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
            yield loss_rules.OVERFIT.withdrawn(f"validation is {vals[-1]:.4g} now")
            yield loss_rules.VALIDATION_RISES.withdrawn(f"validation is {vals[-1]:.4g} now")
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
            yield loss_rules.OVERFIT.found(text + curve, stage=stage, update=run.applied, **numbers)
        elif len(run.lanes) == 1:
            yield loss_rules.VALIDATION_RISES.found(text + curve, stage=stage, update=run.applied, **numbers)


def _train(epoch: Epoch) -> float | None:
    own = [v for v in epoch.losses if math.isfinite(v)]
    mean = statistics.fmean(own) if own else None
    return epoch.train if epoch.train is not None else mean


def _looks_like_a_loss(rows: Sequence[tuple[int, float | None, float]], best: int) -> bool:
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
    size = max(map(abs, values))
    return size < math.inf and all(abs(v - values[0]) <= _DIGITS * size for v in values)


_LOWER = re.compile("loss|err|mse|mae|rmse|nll|bce|wer|cer|fid|perplex|dist|regret")
_HIGHER = re.compile("acc|f1|prec|recall|auc|iou|map|dice|r2|bleu|rouge|psnr|ssim|ndcg|mrr|score|hit|success|corr")
_STILL = 5
"""Epochs in which a metric that measures something has moved."""


class Metrics(Probe):
    """Metrics and the best value over epochs."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """A metric that does not move, or that is the loss."""
        if epoch.best is not None and not math.isfinite(epoch.best):
            yield data_rules.NO_BEST.found(f"best is {epoch.best} after epoch {epoch.index}")
        losses = [e.train for e in run.epochs if e.train is not None]
        for name in epoch.metrics:
            values = [e.metrics[name] for e in run.epochs if name in e.metrics]
            others = {"train": losses, "val": [e.val for e in run.epochs if e.val is not None]}
            for other, theirs in others.items():
                if len(values) == 3 and values == theirs:
                    yield data_rules.HIDDEN_FAILURE.found(f"{name} equals {other} bit by bit in 3 epochs", subject=name)
            yield from self._still(run, name, values, losses)

    def asked(self, run: Run) -> Found:
        """What has not moved by the end."""
        names = dict.fromkeys(name for e in run.epochs for name in e.metrics)
        losses = [e.train for e in run.epochs if e.train is not None]
        for name in names:
            values = [e.metrics[name] for e in run.epochs if name in e.metrics]
            yield from self._still(run, name, values, losses, Stage.CONFIRMED)

    def _still(
        self, run: Run, name: str, values: Sequence[float], losses: Sequence[float], stage: Stage = Stage.SUSPECTED
    ) -> Found:
        if len(values) < _STILL or _a_setting(run, values):
            return
        spread, room = max(values) - min(values), _room(values)
        if not math.isfinite(spread) or spread > 0.01 * room or _perfect(name, values):
            yield loss_rules.BLIND.withdrawn(f"{name} is {values[-1]:.4g} now", subject=name)
            yield loss_rules.METRIC_STILL.withdrawn(f"{name} is {values[-1]:.4g} now", subject=name)
            return
        fall = 1 - losses[-1] / losses[0] if len(losses) >= _STILL and losses[0] > 0 else 0.0
        curve = f"{name} {min(values):.6g} to {max(values):.6g} in {len(values)} epochs"
        # Where one class is nine tenths of the data, an accuracy may well stand at its share.
        high = min(values) >= 0.9 * (100.0 if max(values) > 1 else 1.0)
        if fall > 0.3:
            yield loss_rules.METRIC_STILL.withdrawn("train loss falls meanwhile", subject=name)
            yield loss_rules.BLIND.found(
                f"train loss fell by {fall:.0%}, {curve}", subject=name, fall=fall, spread=spread, stage=stage,
                severity=Severity.NOTE if high else None,
            )  # fmt: skip
        elif spread == 0 and run.applied:
            known = _HIGHER.search(name.lower()) is not None and not high
            yield loss_rules.METRIC_STILL.found(
                curve, subject=name, severity=None if known else Severity.NOTE, stage=stage, value=values[-1]
            )


def _room(values: Sequence[float]) -> float:
    size = max(abs(v) for v in values)
    return min(size, 1 - size) if 0 < size < 1 and min(values) >= 0 else size


def _perfect(name: str, values: Sequence[float]) -> bool:
    if not any(values):
        return _LOWER.search(name.lower()) is not None
    top = 100.0 if max(values) > 1 else 1.0
    return 0.98 * top <= min(values) and max(values) <= top


def _a_setting(run: Run, values: Sequence[float]) -> bool:
    last = values[-1]
    rates = {rate for lane in run.lanes for rate in lane.rates}
    counted = float(last).is_integer() and abs(last) not in {1.0, 100.0} and last != 0
    return len(set(values)) == 1 and (last in rates or counted)


def rising(values: Sequence[float], best: int) -> bool:
    """True where a series has left its minimum for good: every later value of its last third lies above the scatter."""
    after = values[best + 1 :]
    if len(after) < 3:
        return False
    steps = [abs(b - a) for a, b in pairwise(values)]
    scatter = statistics.median(steps)
    late = after[-max(3, len(after) // 3) :]
    return min(late) > values[best] + 2 * scatter and statistics.fmean(late) > statistics.fmean(after[: len(late)])
