"""Do the statistics that normalisation uses in evaluation belong to the data?"""

import math
import statistics
from collections.abc import Sequence

from torch import Tensor, nn

from ....findings import Stage
from ....rules import losses as rules
from ...run import Epoch, Run
from ..probe import Found, Probe

_FAR = 1.0
"""One deviation of the batch, or a factor of e in its deviation: with the usual momentum they differ by a tenth."""
_WORSE = 3.0


class Statistics(Probe):
    """Running statistics of batch normalisation against the batches, and validation against train."""

    def __init__(self) -> None:
        self._apart: dict[str, float] = {}
        self._row = 0

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """Measure how far the statistics are from those of the batch."""
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None and inputs:
            x = inputs[0]
            if isinstance(x, Tensor) and x.ndim >= 2 and x.numel() > 4 * x.shape[1]:
                self._apart[name] = _apart(module, x.detach())
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Two epochs with statistics from elsewhere and a validation loss of another scale."""
        train = epoch.train if epoch.train is not None else _mean(epoch.losses)
        if epoch.val is None or train is None or not self._apart or not math.isfinite(epoch.val):
            return
        worst = max(self._apart, key=lambda name: self._apart[name])
        typical = statistics.median(self._apart.values())
        stale = typical > _FAR and 0 < _WORSE * train < epoch.val
        self._row = self._row + 1 if stale else 0
        if stale:
            yield rules.STALE_STATISTICS.found(
                f"running statistics are {typical:.2g} deviations from those of the batches (median of "
                f"{len(self._apart)} layers), and validation {epoch.val:.4g} is {epoch.val / train:.3g} times train",
                subject=worst, stage=Stage.CONFIRMED if self._row > 1 else Stage.SUSPECTED, apart=typical,
            )  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _apart(module: nn.modules.batchnorm._BatchNorm, x: Tensor) -> float:
    """The larger one of the distance of the means in deviations, and of the logarithm of the deviations' ratio."""
    channels = x.float().movedim(1, 0).flatten(1)
    mean, variance = channels.mean(dim=1), channels.var(dim=1, correction=0) + module.eps
    if module.running_mean is None or module.running_var is None:
        return 0.0
    distance = ((module.running_mean.float() - mean).square() / variance).mean().sqrt()
    ratio = ((module.running_var.float() + module.eps) / variance).log().abs().mean() / 2
    return max(float(distance), float(ratio))
