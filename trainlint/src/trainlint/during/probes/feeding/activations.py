"""What do the modules pass on: finite numbers, live units, different answers for different inputs?"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from ....findings import Finding, Severity, Stage
from ....rules import data as rules
from ...plan import Why
from ...run import Run
from ...weights.names import modules
from ..probe import Found, Loss, Probe
from .inputs import constant_over_batch

_RECTIFIERS = (nn.ReLU, nn.ReLU6)
_LIMITS: Mapping[type[nn.Module], tuple[float, float]] = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}
_NEARLY = 0.95
"""Half the units of a healthy rectified layer are zero for a sample, and few are zero for every sample of a batch."""
_ROW = 3


class Units(Probe):
    """Dead and saturated units, and the first module whose output is not finite."""

    def __init__(self) -> None:
        self._row: Counter[str] = Counter()
        self._lost: dict[str, str] = {}

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """A module ran forward."""
        if not isinstance(output, Tensor) or not output.is_floating_point() or output.numel() == 0:
            return
        out = output.detach()
        # A sum is the cheap look; it may overflow, so the entries decide. Weights that are lost were lost before.
        if not math.isfinite(float(out.sum())) and not _finite([out]) and _finite((*inputs, *module.parameters())):
            share = float((~out.isfinite()).float().mean())
            kind = str(out.dtype).removeprefix("torch.")
            self._lost.setdefault(name, f"{share:.1%} of the output is not finite and every input is; {kind}")
            yield self._left(run, name, Stage.SUSPECTED)
        if out.ndim >= 2 and out.shape[0] >= 4:
            yield from self._dead(run, name, module, out)
            yield from self._saturated(run, name, module, out)

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """A mask may hold infinities on purpose: only where the loss is lost as well did the module leave the range."""
        for module in tuple(self._lost):
            if all(map(math.isfinite, values)):
                yield rules.ACTIVATION.withdrawn("the loss is finite all the same", subject=module)
            else:
                yield self._left(run, module, Stage.CONFIRMED)
        self._lost.clear()

    def _left(self, run: Run, name: str, stage: Stage) -> Finding:
        severity = Severity.NOTE if run.plan.guarded else None
        return rules.ACTIVATION.found(
            self._lost[name], subject=name, severity=severity, update=run.applied + 1, stage=stage
        )

    def _dead(self, run: Run, name: str, module: nn.Module, out: Tensor) -> Found:
        if not isinstance(module, _RECTIFIERS):
            return
        share = float((out == 0).all(dim=0).float().mean())
        if self._again(name, share > _NEARLY):
            yield rules.DEAD.found(
                f"{share:.0%} of the units are 0 for all {out.shape[0]} samples in {_ROW} measured batches",
                subject=name, update=run.applied + 1, share=share,
            )  # fmt: skip

    def _saturated(self, run: Run, name: str, module: nn.Module, out: Tensor) -> Found:
        if type(module) not in _LIMITS:
            return
        low, high = _LIMITS[type(module)]
        # Within a thousandth of the limits the slope is below 0.004 of its largest value.
        share = float(((out - low < 1e-3) | (high - out < 1e-3)).float().mean())
        if self._again(name, share > _NEARLY) and not self._last(run, name):
            yield rules.SATURATED.found(
                f"{share:.0%} of the outputs lie within 0.001 of {low:g} or {high:g} in {_ROW} measured batches",
                subject=name, update=run.applied + 1, share=share,
            )  # fmt: skip

    def _again(self, name: str, smells: bool) -> bool:
        self._row[name] = self._row[name] + 1 if smells else 0
        return self._row[name] == _ROW

    def _last(self, run: Run, name: str) -> bool:
        return run.applied > 16 and list(modules(run.model))[-1] == name


def _finite(inputs: Sequence[object]) -> bool:
    return all(bool(i.isfinite().all()) for i in inputs if isinstance(i, Tensor) and i.is_floating_point())


class Collapse(Probe):
    """Does the model's output vary over the batch?"""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._row = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """From the 16th update on: a zero-initialised head starts with one answer for all."""
        out = loss.output
        if out is None or run.applied < 15 or out.ndim < 2 or out.shape[0] < 4 or not out.is_floating_point():
            return
        fed = [x for x in loss.inputs if x.ndim >= 2 and len(x) == len(out) and not x.is_sparse]
        if fed and constant_over_batch(fed):
            return  # the same answer for the same input
        values = out.detach().flatten(1).float()
        spread = float(values.std(dim=0).norm())
        size = float(values.square().mean(dim=0).sqrt().norm())
        self._row = self._row + 1 if spread <= 1e-4 * size else 0
        if not self._row:
            yield rules.COLLAPSE.withdrawn("the output varies over the batch now")
        elif self._row <= 2:
            stage = Stage.of(self._row == 2)
            yield rules.COLLAPSE.found(
                f"deviation over {out.shape[0]} samples is {spread / max(size, 1e-30):.1e} of the output's size",
                update=run.applied + 1, spread=spread, size=size, stage=stage,
            )  # fmt: skip
