"""What do the modules pass on: finite numbers, live units, different answers for different inputs?"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ...findings import Severity
from ...rules import numbers as rules
from ..names import modules
from ..run import Run
from .probe import Found, Loss, Probe

_RECTIFIERS = (nn.ReLU, nn.ReLU6)
_LIMITS: Mapping[type[nn.Module], tuple[float, float]] = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}
_NEARLY = 0.95
"""Half the units of a healthy rectified layer are zero for a sample, and few are zero for every sample of a batch."""
_ROW = 3


class Units(Probe):
    """Dead and saturated units, and the first module whose output is not finite."""

    def __init__(self) -> None:
        self._row: Counter[str] = Counter()

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """A module ran forward."""
        if not isinstance(output, Tensor) or not output.is_floating_point() or output.numel() == 0:
            return
        out = output.detach()
        # A sum is the cheap look; it may overflow, so the entries decide.
        if not math.isfinite(float(out.sum())) and not bool(out.isfinite().all()) and _finite(inputs):
            share = float((~out.isfinite()).float().mean())
            severity = Severity.NOTE if run.plan.guarded else None
            yield rules.ACTIVATION.found(
                f"{share:.1%} of the output is not finite and every input is; {str(out.dtype).removeprefix('torch.')}",
                subject=name, severity=severity, update=run.applied + 1, share=share,
            )  # fmt: skip
        if out.ndim >= 2 and out.shape[0] >= 4:
            yield from self._dead(run, name, module, out)
            yield from self._saturated(run, name, module, out)

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
        """A classifier's last sigmoid may be sure of itself once it has learned."""
        return run.applied > 16 and list(modules(run.model))[-1] == name


def _finite(inputs: Sequence[object]) -> bool:
    return all(bool(i.isfinite().all()) for i in inputs if isinstance(i, Tensor) and i.is_floating_point())


class Collapse(Probe):
    """Does the model's output vary over the batch?"""

    def __init__(self) -> None:
        self._row = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """From the 16th update on: a zero-initialised head starts with one answer for all."""
        out = loss.output
        if out is None or run.applied < 15 or out.ndim < 2 or out.shape[0] < 4 or not out.is_floating_point():
            return
        values = out.detach().flatten(1).float()
        spread = float(values.std(dim=0).norm())
        size = float(values.square().mean(dim=0).sqrt().norm())
        self._row = self._row + 1 if spread <= 1e-4 * size else 0
        if self._row == 2:
            yield rules.COLLAPSE.found(
                f"deviation over {out.shape[0]} samples is {spread / max(size, 1e-30):.1e} of the output's size",
                update=run.applied + 1, spread=spread, size=size,
            )  # fmt: skip


class Inputs(Probe):
    """Scale of what the first modules get, channel by channel."""

    def __init__(self) -> None:
        self._done: set[str] = set()

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """Look once at each dense or convolutional module that is fed from outside: its input has no graph."""
        if name in self._done or not isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d) or not inputs:
            return
        self._done.add(name)
        x = inputs[0]
        if not isinstance(x, Tensor) or x.grad_fn is not None or not x.is_floating_point() or x.ndim < 2:
            return
        if x.shape[0] < 4:
            return
        axis = x.ndim - 1 if isinstance(module, nn.Linear) else 1
        channels = x.detach().float().movedim(axis, 0).flatten(1)
        size = channels.square().mean(dim=1).sqrt()
        large, alive = float(size.max()), size[size > 0]
        if alive.numel() == 0 or not torch.isfinite(size).all():
            return
        span = large / float(alive.min())
        # Pixels up to 255 train badly; constant or one-hot channels of ordinary size span less than a thousand.
        if large > 100 or span > 1e3:
            yield rules.INPUT_SCALE.found(
                f"root mean square of the input channels from {float(alive.min()):.2g} to {large:.2g}",
                subject=name, largest=large, span=span,
            )  # fmt: skip
