"""What do the metrics and the best value that a loop reports per epoch show?"""

import math
import re
from collections.abc import Sequence

from ....findings import Severity, Stage
from ....rules import losses as rules
from ....rules import runs
from ...run import Epoch, Run
from ..probe import Found, Probe

_LOWER = re.compile("loss|err|mse|mae|rmse|nll|bce|wer|cer|fid|perplex|dist|regret")
_HIGHER = re.compile("acc|f1|prec|recall|auc|iou|map|dice|r2|bleu|rouge|psnr|ssim|ndcg|mrr|score|hit|success|corr")
_STILL = 5
"""Epochs in which a metric that measures something has moved."""


class Metrics(Probe):
    """Metrics and the best value over epochs."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """A metric that does not move, or that is the loss."""
        if epoch.best is not None and not math.isfinite(epoch.best):
            yield runs.NO_BEST.found(f"best is {epoch.best} after epoch {epoch.index}")
        losses = [e.train for e in run.epochs if e.train is not None]
        for name in epoch.metrics:
            values = [e.metrics[name] for e in run.epochs if name in e.metrics]
            others = {"train": losses, "val": [e.val for e in run.epochs if e.val is not None]}
            for other, theirs in others.items():
                if len(values) == 3 and values == theirs:
                    yield runs.HIDDEN_FAILURE.found(f"{name} equals {other} bit by bit in 3 epochs", subject=name)
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
            yield rules.BLIND.withdrawn(f"{name} is {values[-1]:.4g} now", subject=name)
            yield rules.METRIC_STILL.withdrawn(f"{name} is {values[-1]:.4g} now", subject=name)
            return
        fall = 1 - losses[-1] / losses[0] if len(losses) >= _STILL and losses[0] > 0 else 0.0
        curve = f"{name} {min(values):.6g} to {max(values):.6g} in {len(values)} epochs"
        # Where one class is nine tenths of the data, an accuracy may well stand at its share.
        high = min(values) >= 0.9 * (100.0 if max(values) > 1 else 1.0)
        if fall > 0.3:
            yield rules.METRIC_STILL.withdrawn("train loss falls meanwhile", subject=name)
            yield rules.BLIND.found(
                f"train loss fell by {fall:.0%}, {curve}", subject=name, fall=fall, spread=spread, stage=stage,
                severity=Severity.NOTE if high else None,
            )  # fmt: skip
        elif spread == 0 and run.applied:
            known = _HIGHER.search(name.lower()) is not None and not high
            yield rules.METRIC_STILL.found(
                curve,
                subject=name,
                severity=None if known else Severity.NOTE,
                stage=stage,
                value=values[-1],
            )


def _room(values: Sequence[float]) -> float:
    """What a metric could move by: of a share, no more than the way to its nearer end."""
    size = max(abs(v) for v in values)
    return min(size, 1 - size) if 0 < size < 1 and min(values) >= 0 else size


def _perfect(name: str, values: Sequence[float]) -> bool:
    """True where nothing better is left."""
    if not any(values):
        return _LOWER.search(name.lower()) is not None
    top = 100.0 if max(values) > 1 else 1.0
    return 0.98 * top <= min(values) and max(values) <= top


def _a_setting(run: Run, values: Sequence[float]) -> bool:
    """True for numbers that measure nothing: a rate, a count, a setting handed over beside the metrics."""
    last = values[-1]
    rates = {rate for lane in run.lanes for rate in lane.rates}
    counted = float(last).is_integer() and abs(last) not in {1.0, 100.0} and last != 0
    return len(set(values)) == 1 and (last in rates or counted)
