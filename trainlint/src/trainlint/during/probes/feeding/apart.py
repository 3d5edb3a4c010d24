"""Are the data of validation, of the statistics and of two views apart as they should be?"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ....findings import Stage
from ....rules import data as data_rules
from ....rules import losses as loss_rules
from ...hearing.passes import Pass
from ...losses.graph import edges, name
from ...plan import Why
from ...run import Epoch, Run
from ...weights.names import modules
from ..probe import Found, Loss, Probe, Sightings
from .modes import modal

_TIMES, _AWAY = 8.0, 4.0
"""Other deviations by a factor, or means apart in deviations."""
_TRAINED, _JUDGED = 64, 32
"""Samples of each kind below which nothing is said."""


@dataclass
class _Moments:
    count: int
    total: Tensor
    squares: Tensor
    passes: int = 1

    @property
    def mean(self) -> Tensor:
        return self.total / self.count

    @property
    def deviation(self) -> Tensor:
        return (self.squares / self.count - self.mean.square()).clamp_min(0).sqrt()


class Splits(Probe):
    """Channels of the inputs in training against those in passes without gradients."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._trained: dict[tuple[int, int], _Moments] = {}
        self._judged: dict[tuple[int, int], _Moments] = {}
        self._samples: defaultdict[tuple[int, int, bool], int] = defaultdict(int)

    def loss(self, run: Run, loss: Loss) -> Found:
        """What was trained on, at measured updates."""
        for each in loss.passes:
            self._note(each.model, each.inputs, self._trained)
        return ()

    def judged(self, run: Run, model: nn.Module, fed: Sequence[Tensor]) -> Found:
        """What was fed without gradients, in eval mode: a model in train mode may collect data, or generate.

        One that has no modes to switch may as well be judged as it is.
        """
        if not model.training or not any(map(modal, model.modules())):
            self._note(model, fed, self._judged)
        return ()

    def _note(self, model: nn.Module, fed: Sequence[Tensor], kept: dict[tuple[int, int], _Moments]) -> None:
        for place, tensor in enumerate(fed):
            if tensor.grad_fn is not None or not tensor.is_floating_point() or tensor.ndim < 2 or tensor.is_sparse:
                continue
            rows = tensor.detach()[:256].double().movedim(1 if tensor.ndim > 3 else -1, -1)
            flat = rows.reshape(-1, rows.shape[-1])
            self._samples[id(model), place, kept is self._trained] += min(len(tensor), 256)
            known = kept.get((id(model), place))
            now = _Moments(len(flat), flat.sum(dim=0), flat.square().sum(dim=0))
            if known is None or known.total.shape != now.total.shape:
                kept[id(model), place] = now
            else:
                known.count, known.passes = known.count + now.count, known.passes + 1
                known.total, known.squares = known.total + now.total, known.squares + now.squares

    def asked(self, run: Run) -> Found:
        """Half of the channels that vary, or more, are elsewhere."""
        for key, trained in self._trained.items():
            judged = self._judged.get(key)
            enough = self._samples[*key, True] >= _TRAINED and self._samples[*key, False] >= _JUDGED
            if judged is None or not enough or trained.passes < 3 or judged.total.shape != trained.total.shape:
                continue
            text = _elsewhere(trained, judged)
            if text:
                yield data_rules.APART.found(text, subject=f"input {key[1]}" if key[1] else "input", update=run.applied)


def _elsewhere(trained: _Moments, judged: _Moments) -> str:
    mine, theirs = trained.deviation, judged.deviation
    varied = (mine > 1e-6 * (1e-6 + trained.mean.abs())) & (theirs > 1e-6 * (1e-6 + judged.mean.abs()))
    if not bool(varied.any()):
        return ""
    gap = (judged.mean - trained.mean).abs() / torch.maximum(mine, theirs).clamp_min(1e-30)
    ratio = theirs / mine.clamp_min(1e-30)
    apart = ((gap > _AWAY) | (ratio > _TIMES) | (ratio < 1 / _TIMES)) & varied
    if int(apart.sum()) * 2 < int(varied.sum()):
        return ""
    channel = int(torch.where(varied, torch.maximum(ratio.log().abs(), gap.log()), ratio.new_zeros(())).argmax())
    return (
        f"{int(apart.sum())} of {int(varied.sum())} channels that vary; in channel {channel} training has "
        f"{float(trained.mean[channel]):.3g} ± {float(mine[channel]):.2g}, validation "
        f"{float(judged.mean[channel]):.3g} ± {float(theirs[channel]):.2g}"
    )


_FAR = 1.0
"""One deviation of the batch, or a factor of e in its deviation: with the usual momentum they differ by a tenth."""
_WORSE = 3.0
_SINGLE = 0.5, 1.3
"""The same for batches of one sample, whose statistics are none of the data."""


class Statistics(Probe):
    """Running statistics of batch normalisation against the batches, and validation against train."""

    def __init__(self) -> None:
        self._apart: dict[str, float] = {}
        self._row, self._judged, self._single = 0, False, False

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """Measure how far the statistics are from those of the batch."""
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None and inputs:
            x = inputs[0]
            if isinstance(x, Tensor) and x.ndim >= 2 and x.numel() > 4 * x.shape[1]:
                self._apart[name], self._single = _apart(module, x.detach()), len(x) == 1
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Two epochs with statistics from elsewhere and a validation loss of another scale."""
        train = epoch.train if epoch.train is not None else _mean(epoch.losses)
        if epoch.val is None or train is None or not self._apart or not math.isfinite(epoch.val):
            return
        worst = max(self._apart, key=lambda name: self._apart[name])
        typical = statistics.median(self._apart.values())
        far, worse = _SINGLE if self._single else (_FAR, _WORSE)
        stale = typical > far and 0 < worse * train < epoch.val
        self._row = self._row + 1 if stale else 0
        if stale:
            yield loss_rules.STALE_STATISTICS.found(
                f"running statistics are {typical:.2g} deviations from those of the batches (median of "
                f"{len(self._apart)} layers){', each of one sample' * self._single}, and validation {epoch.val:.4g} is "
                f"{epoch.val / train:.3g} times train",
                subject=worst,
                stage=Stage.of(self._row > 1),
                apart=typical,
            )

    def evaluated(self, run: Run, chance: Sequence[str]) -> Found:
        """The model was run in eval mode, on its running statistics."""
        self._judged = True
        return ()

    def asked(self, run: Run) -> Found:
        """Statistics that are mostly still those they began with, where the usual momentum would have arrived."""
        known = modules(run.model)
        held = {name: share for name in self._apart if name in known for share in _begun(known[name])}
        if not self._judged or not held or statistics.median(self._apart.values()) <= _FAR:
            return
        share = statistics.median(held.values())
        if share > 0.5:
            yield loss_rules.STALE_STATISTICS.found(
                f"{share:.0%} of the running statistics are still those they began with, (1 - momentum) to the number "
                f"of batches seen (median of {len(held)} layers), and the model is evaluated on them",
                subject=max(held, key=lambda name: held[name]),
                update=run.applied,
            )


def _begun(module: nn.Module) -> Iterator[float]:
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.momentum:
        seen = 0 if module.num_batches_tracked is None else int(module.num_batches_tracked)
        if 0.9**seen < 0.5:
            yield (1 - module.momentum) ** seen


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _apart(module: nn.modules.batchnorm._BatchNorm, x: Tensor) -> float:
    channels = x.float().movedim(1, 0).flatten(1)
    mean, variance = channels.mean(dim=1), channels.var(dim=1, correction=0) + module.eps
    if module.running_mean is None or module.running_var is None:
        return 0.0
    distance = ((module.running_mean.float() - mean).square() / variance).mean().sqrt()
    ratio = ((module.running_var.float() + module.eps) / variance).log().abs().mean() / 2
    return max(float(distance), float(ratio))


_NODES = 2000
_COMPARING = {"Cat", "Stack", "Mm", "Bmm"}
"""What brings two answers together to be compared; a sum of two terms does not."""
_TOTALS = {"MeanBackward0", "SumBackward0"}
"""They make one number of an answer: a term of the loss, and no view."""


class Views(Probe):
    """Two passes of one model, on equal inputs and with equal answers, that the loss compares with each other."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings(4)
        self._apart = False

    def loss(self, run: Run, loss: Loss) -> Found:
        """Dropout between two passes is a view of its own; one pair that differs is enough to know better."""
        pairs = list(_twice(loss)) if loss.measured and not self._apart and loss.tensor.grad_fn is not None else []
        same = [(a, b) for a, b, equal in pairs if equal]
        self._apart |= bool(pairs) and not same
        if not self._apart and any(_compares(loss.tensor, a, b) for a, b in same):
            at = run.applied + 1
            yield data_rules.SAME_VIEWS.found(
                "two passes that the loss compares have equal inputs and equal answers",
                update=at,
                stage=self._seen.stage("", at),
            )


def _twice(loss: Loss) -> Iterator[tuple[Tensor, Tensor, bool]]:
    by_model: dict[int, list[Pass]] = {}
    for each in loss.passes:
        by_model.setdefault(id(each.model), []).append(each)
    for first, second in (passes[-2:] for passes in by_model.values() if len(passes) > 1):
        fed = bool(first.inputs) and bool(second.inputs) and bool(first.outputs) and bool(second.outputs)
        if fed and first.inputs[0].shape == second.inputs[0].shape:
            a, b = first.outputs[0], second.outputs[0]
            yield a, b, torch.equal(first.inputs[0], second.inputs[0]) and torch.equal(a, b)


def _compares(loss: Tensor, a: Tensor, b: Tensor) -> bool:
    ends: dict[object, int] = {a.grad_fn: 1, b.grad_fn: 2}
    found: dict[object, int] = dict(ends)
    waiting: list[tuple[object, bool]] = [(loss.grad_fn, False)]
    while waiting and len(found) < _NODES:
        node, done = waiting.pop()
        if node in found and not done:
            continue
        below = [child for child, _ in edges(node) if child is not None]
        if not done:
            waiting += [(node, True), *((child, False) for child in below if child not in found)]
            continue
        parts = [found.get(child, 0) for child in below]
        if name(node) in _COMPARING and {1, 2} <= set(parts):
            return True
        found[node] = _joined(node, parts)
    return False


def _joined(node: object, parts: list[int]) -> int:
    if type(node).__name__ in _TOTALS or "Loss" in name(node) or "CrossEntropy" in name(node):
        return 0
    return max(parts, default=0) if len({p for p in parts if p}) < 2 else 3
