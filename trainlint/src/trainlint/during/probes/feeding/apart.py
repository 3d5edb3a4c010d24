"""Does validation feed the model in the units that it was trained in?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ....rules import numbers as rules
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe

_TIMES, _AWAY = 8.0, 4.0
"""Other deviations by a factor, or means apart in deviations: more than between two data sets of one kind."""
_TRAINED, _JUDGED = 64, 32
"""Samples of each kind below which nothing is said."""


@dataclass
class _Moments:
    """Sums over the samples of the channels of an input."""

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
        """What was fed without gradients, in eval mode: a model in train mode may collect data, or generate."""
        if not model.training:
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
                yield rules.APART.found(text, subject=f"input {key[1]}" if key[1] else "input", update=run.applied)


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
