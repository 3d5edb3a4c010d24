"""Is the train loss that a loop reports the one that was seen?"""

import math
from collections.abc import Sequence

from ....findings import Stage
from ....rules import updates
from ...run import Epoch, Run
from ...schedule import Why
from ..probe import Found, Loss, Probe

_CLOSE = 0.02


class Reported(Probe):
    """The reported train loss against the losses seen."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._ratios: list[float] = []
        self._sizes: set[int] = set()
        self._low = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """Note the size of the batches: a sum over them is often reported per sample."""
        if not loss.measured:
            return ()
        shown = loss.output if loss.output is not None else next(iter(loss.inputs), None)
        if shown is not None and shown.ndim:
            self._sizes |= {shown.shape[0], shown.numel()}
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """A mean lies between the smallest and the largest; a factor of 1/batches or 1/k names the mistake."""
        seen = [v for v in epoch.losses if math.isfinite(v)]
        if epoch.train is None or run.closures or not seen or not math.isfinite(epoch.train):
            return
        mean = math.fsum(seen) / len(seen)
        if mean <= 0 or math.isclose(epoch.train, seen[-1], rel_tol=1e-6):  # the last batch's alone
            return
        ratio = epoch.train / mean
        self._ratios.append(ratio)
        if any(abs(ratio * size - 1) < _CLOSE for size in self._sizes):
            return
        factors = {"batches": epoch.batches or len(seen), "accumulation": run.lanes[0].window}
        for name, factor in factors.items():
            if factor > 1 and abs(ratio * factor - 1) < 0.1:
                yield updates.REPORTED_LOSS.found(
                    f"reported {epoch.train:.6g} is {ratio:.3f} of the mean {mean:.6g} of {len(seen)} losses: 1/{name}",
                    ratio=ratio, factor=factor,
                )  # fmt: skip
                return
        if epoch.train < min(seen) - 0.1 * abs(min(seen)):
            yield from self._below(epoch, min(seen), len(seen))

    def _below(self, epoch: Epoch, least: float, count: int) -> Found:
        """The same ratio in every epoch is a unit; another one each time is no mean of these losses."""
        self._low += 1
        if _constant(self._ratios) and len(self._ratios) > 1:
            yield updates.REPORTED_LOSS.withdrawn(f"{self._ratios[-1]:.4g} of the mean in every epoch: another unit")
        else:
            yield updates.REPORTED_LOSS.found(
                f"reported {epoch.train:.6g} is below the smallest of {count} losses, {least:.6g}",
                ratio=self._ratios[-1], stage=Stage.CONFIRMED if self._low > 1 else Stage.SUSPECTED,
            )  # fmt: skip


def _constant(ratios: Sequence[float]) -> bool:
    return max(ratios) - min(ratios) <= _CLOSE * max(abs(r) for r in ratios)
