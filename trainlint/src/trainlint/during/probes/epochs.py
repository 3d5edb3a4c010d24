"""What do the numbers that a loop reports per epoch show?"""

import math
from collections.abc import Sequence

from ...findings import Severity
from ...rules import losses as rules
from ...rules import runs, updates
from ..run import Epoch, Run
from .probe import Found, Probe

_DIGITS = 1e-7
"""Relative: two float32 numbers that differ by less are printed the same to six decimals."""
_GAP = 5.0
"""Dropout and small data separate train and validation by 2; a factor of 5 from the start is another loss."""


class Reported(Probe):
    """The reported train loss against the losses seen."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """A mean lies between the smallest and the largest; a factor of 1/batches or 1/k names the mistake."""
        seen = [v for v in epoch.losses if math.isfinite(v)]
        if epoch.train is None or run.closures or not seen or not math.isfinite(epoch.train):
            return
        mean = math.fsum(seen) / len(seen)
        ratio = epoch.train / mean if mean else math.nan
        factors = {"batches": epoch.batches or len(seen), "accumulation": run.lanes[0].window}
        for name, factor in factors.items():
            if factor > 1 and mean > 0 and abs(ratio * factor - 1) < 0.1:
                yield updates.REPORTED_LOSS.found(
                    f"reported {epoch.train:.6g} is {ratio:.3f} of the mean {mean:.6g} of {len(seen)} losses: 1/{name}",
                    ratio=ratio, factor=factor,
                )  # fmt: skip
                return
        if mean > 0 and epoch.train < min(seen) - 0.1 * abs(min(seen)):
            yield updates.REPORTED_LOSS.found(
                f"reported {epoch.train:.6g} is below the smallest of {len(seen)} losses, {min(seen):.6g}", ratio=ratio
            )


class Validation(Probe):
    """The validation loss over epochs."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Constant to the last digit, not finite, or of another scale than train from the start."""
        if epoch.val is None:
            return
        if not math.isfinite(epoch.val):
            yield rules.VALIDATION_NOT_FINITE.found(f"validation is {epoch.val} in epoch {epoch.index}")
            return
        values = [e.val for e in run.epochs if e.val is not None]
        if len(values) >= 3 and same(values[-3:]):
            # Never moved since the first epoch: not a plateau, which is reached by moving.
            fresh = same([values[0], *values[-3:]])
            yield rules.CONSTANT_VALIDATION.found(
                f"validation {epoch.val:.6f} in {len(values) if fresh else 3} epochs, {run.applied} updates applied",
                severity=None if fresh else Severity.NOTE, value=epoch.val, epochs=len(values), updates=run.applied,
            )  # fmt: skip
        pairs = [(e.train, e.val) for e in run.epochs[:3] if e.train and e.val and e.train > 0 and e.val > 0]
        if epoch.index == 3 and len(pairs) == 3 and min(v / t for t, v in pairs) > _GAP:
            ratio = sorted(v / t for t, v in pairs)[1]
            yield rules.TWO_PATHS.found(f"validation is {ratio:.3g} times the train loss in epochs 1-3", ratio=ratio)


class Metrics(Probe):
    """Metrics and the best value over epochs."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """A metric that does not move while the loss falls, or that is the loss."""
        if epoch.best is not None and not math.isfinite(epoch.best):
            yield runs.NO_BEST.found(f"best is {epoch.best} after epoch {epoch.index}")
        losses = [e.train for e in run.epochs if e.train is not None]
        for name in epoch.metrics:
            values = [e.metrics[name] for e in run.epochs if name in e.metrics]
            others = {"train": losses, "val": [e.val for e in run.epochs if e.val is not None]}
            for other, theirs in others.items():
                if len(values) == 3 and values == theirs:
                    yield runs.HIDDEN_FAILURE.found(f"{name} equals {other} bit by bit in 3 epochs", subject=name)
            yield from self._blind(name, values, losses)

    def _blind(self, name: str, values: Sequence[float], losses: Sequence[float]) -> Found:
        if len(values) < 5 or len(losses) < 5 or losses[0] <= 0:
            return
        fall = 1 - losses[-1] / losses[0]
        spread = max(values) - min(values)
        size = max(abs(v) for v in values)
        perfect = 0.98 <= min(values) and max(values) <= 1
        if fall > 0.3 and spread <= 0.01 * size and not perfect:
            yield rules.BLIND.found(
                f"train loss fell by {fall:.0%} over {len(losses)} epochs, {name} stayed at {values[-1]:.4g} "
                f"(range {spread:.2g})",
                subject=name, fall=fall, spread=spread,
            )  # fmt: skip


def same(values: Sequence[float]) -> bool:
    """True where all values agree to seven digits."""
    return max(values) - min(values) <= _DIGITS * max(abs(v) for v in values)
