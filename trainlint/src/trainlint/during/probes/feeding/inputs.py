"""Do the inputs have a useful scale, do they differ, and does their first axis hold the samples?"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ....findings import Severity, Stage
from ....rules import data as rules
from ...plan import Why
from ...run import Run
from ..probe import Found, Loss, Probe, Sightings
from .modes import NORMS

_NORMS = (
    *NORMS,
    *(nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm),
)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_SETTLED, _TIMES = 6, 3
"""Updates after which a head from zero gives different answers, and batches looked at then."""
_DIGITS = re.compile(r"\d+")
_LARGE, _SPAN, _OFFSET, _AWAY = 100.0, 1e3, 8.0, 3.0


@dataclass(frozen=True, kw_only=True)
class _Scale:
    largest: float
    least: float
    offset: float

    @property
    def text(self) -> str:
        # Pixels up to 255 train badly; constant or one-hot channels of ordinary size span less than a thousand.
        if self.largest > _LARGE or self.largest > _SPAN * self.least:
            return f"root mean square of the input channels from {self.least:.2g} to {self.largest:.2g}"
        if self.offset > _OFFSET:
            return f"the input channels lie {self.offset:.3g} deviations away from zero (median over channels)"
        return ""


class Inputs(Probe):
    """Scale of what the first modules get, channel by channel."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._seen = Sightings()
        self._waiting: dict[str, tuple[str, object]] = {}
        self._past: set[int] = set()
        self._zero: dict[str, int] = {}
        self._computed: set[str] = set()

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """Look at modules that are fed from outside; one that is normalised right after needs no scale."""
        fed = inputs[0] if inputs else None
        if isinstance(module, _NORMS):
            self._waiting = {n: kept for n, kept in self._waiting.items() if kept[1] is not fed}
        own = any(p is not None for p in module._parameters.values())
        first = isinstance(fed, Tensor) and own and name not in self._done and self._from_outside(fed)
        if first and isinstance(fed, Tensor) and not isinstance(module, _NORMS):
            scale = _scale(fed, 1 if isinstance(module, _CONVOLUTIONS) else fed.ndim - 1)
            self._done |= {name} if scale is not None and not scale.text else set()
            if scale is not None and scale.text:
                self._waiting[name] = scale.text, output
        if own and isinstance(fed, Tensor) and self._zero.get(name, 0) >= 0 and torch.is_grad_enabled():
            self._fed_nothing(name, fed)
        if own:
            out = output[0] if isinstance(output, tuple) and output else output
            self._past |= {_place(out)} if isinstance(out, Tensor) else set()
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Judge what was fed in the passes of this loss; without modules, what the first product of the graph got."""
        if not loss.measured:
            return
        at, waiting = run.applied + 1, self._waiting
        self._waiting, self._past = {}, set()
        if not run.ran and not self._done:
            bare = next((text for text in map(_bare, loss.inputs) if text), "")
            waiting = dict.fromkeys(("(input)",) if bare else (), (bare, None))
        for name, (text, _) in waiting.items():
            stage = self._seen.stage(name, at)
            self._done |= {name} if stage is Stage.CONFIRMED else set()
            yield rules.INPUT_SCALE.found(text, subject=name, update=at, stage=stage)

    def _fed_nothing(self, name: str, fed: Tensor) -> None:
        if fed.numel() and not fed.is_sparse and name not in self._computed:
            if self._from_outside(fed):
                self._zero[name] = -1 if bool(fed.any()) else self._zero.get(name, 0) + 1
            elif bool(fed.any()):  # a boundary at 0 lies beside points that are computed
                self._computed.add(name)

    def asked(self, run: Run) -> Found:
        """Inputs that were zero all along; one of several modules alike may be given nothing."""
        fed = {_DIGITS.sub("0", name) for name, count in self._zero.items() if count < 0}
        for name, count in self._zero.items():
            if count >= _TIMES and name not in self._computed and _DIGITS.sub("0", name) not in fed:
                text = f"the input of {name} is zero in all {count} passes looked at"
                yield rules.DEAD_FIELD.found(text, subject=name, update=run.applied, severity=Severity.WARNING)

    def _from_outside(self, fed: Tensor) -> bool:
        return fed.grad_fn is None and fed.is_floating_point() and fed.ndim >= 2 and _place(fed) not in self._past


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _bare(fed: Tensor) -> str:
    scale = _scale(fed, fed.ndim - 1) if fed.is_floating_point() and fed.ndim >= 2 else None
    return "" if scale is None else scale.text


def _scale(fed: Tensor, axis: int) -> _Scale | None:
    if fed.shape[0] < 4 or fed.is_sparse or fed.numel() == 0 or fed.shape[axis] == 0:
        return None
    channels = fed.detach().float().movedim(axis, 0).flatten(1)
    if not bool(torch.isfinite(channels).all()):
        return None
    nonzero = channels != 0
    # A channel that is zero for most samples, such as a pixel of the border, has the size of its other entries.
    size = (channels.square().sum(dim=1) / nonzero.sum(dim=1).clamp_min(1)).sqrt()
    alive = size[nonzero.float().mean(dim=1) >= 0.25]
    if alive.numel() == 0:
        alive = size[size > 0]
    if alive.numel() == 0:
        return None
    mean, deviation = channels.mean(dim=1), channels.std(dim=1, correction=0)
    away = mean.abs() / deviation.clamp_min(1e-30)
    varied = (deviation > 1e-6 * mean.abs()) & (deviation > 0)
    far = away[varied & (mean.abs() > _AWAY)]
    mostly = far.numel() > 0 and far.numel() * 2 >= int(varied.sum())
    return _Scale(largest=float(alive.max()), least=float(alive.min()), offset=float(far.median()) if mostly else 0.0)


class SameInputs(Probe):
    """Batches in which all samples are equal although their targets are not, or count as one in every way."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()
        self._looks = 0
        self._one: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._size = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """Compare every sample with the first."""
        if loss.measured and run.applied >= _SETTLED and loss.tensor.grad_fn is not None:
            self._as_one(loss)
        yield from self._against_targets(run, loss)

    def _as_one(self, loss: Loss) -> None:
        for index, each in enumerate(loss.criteria):
            place = loss.name, index
            if each.value is None or each.target is None or min(each.value.ndim, each.target.ndim) < 1:
                continue
            if min(len(each.value), len(each.target)) >= 4 and self._one[place] >= 0:
                same = _alike(each.value.detach()) and constant_over_batch([each.target])
                # One batch with different samples is enough to know better.
                self._one[place] = self._one[place] + 1 if same else -1
                self._size = len(each.value)

    def asked(self, run: Run) -> Found:
        """Samples that were one all along."""
        count = max(self._one.values(), default=0)
        if count >= _TIMES:
            yield rules.SAME_INPUTS.found(
                f"all {self._size} samples have the same answer and the same target in {count} batches looked at",
                update=run.applied,
            )

    def _against_targets(self, run: Run, loss: Loss) -> Found:
        fed = [x for x in loss.inputs if x.ndim >= 2 and x.shape[0] >= 4 and not x.is_sparse]
        if not loss.measured or not fed or len(fed) < len(loss.inputs):
            return
        self._looks += 1
        if constant_over_batch(fed) and targets_vary(loss, len(fed[0])):
            at = run.applied + 1
            yield rules.SAME_INPUTS.found(
                f"all {fed[0].shape[0]} samples are equal, and their targets are not; {self._looks} batches looked at",
                update=at, stage=self._seen.stage("", at),
            )  # fmt: skip


def _alike(answers: Tensor) -> bool:
    apart = (answers - answers[:1]).abs().max()
    return bool(apart <= 1e-5 * answers.abs().max())


def constant_over_batch(fed: Sequence[Tensor]) -> bool:
    """True where no tensor differs from sample to sample."""
    return all(bool((x == x[:1]).all()) for x in fed)


def targets_vary(loss: Loss, samples: int) -> bool:
    """True where some criterion's targets differ from sample to sample, of which each may have many in a row."""
    known = [c.target for c in loss.criteria if c.target is not None and c.target.numel()]
    return not constant_over_batch([t.reshape(samples, -1) for t in known if not t.numel() % samples])


_SEQUENTIAL = (nn.RNNBase, nn.MultiheadAttention)


class Axes(Probe):
    """What comes in with the samples first goes into a module that wants the steps first."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings(3)
        self._fed: dict[str, tuple[int, int]] = {}

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """Note the first two axes of what such a module got."""
        fed = inputs[0] if inputs else None
        if isinstance(module, _SEQUENTIAL) and not module.batch_first and isinstance(fed, Tensor) and fed.ndim == 3:
            self._fed[name] = fed.shape[0], fed.shape[1]
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """The loss has one answer for each entry of the axis that the module takes for time, and none for the other."""
        fed, self._fed = self._fed, {}
        scored = [c.value for c in loss.criteria if c.value is not None and c.value.ndim and c.target is not None]
        rows = {len(value) for value in scored}
        both = {value.shape[1] for value in scored if value.ndim > 1}
        for name, (steps, samples) in fed.items() if loss.measured and len(rows) == 1 else ():
            if steps in rows and samples not in rows | both and min(steps, samples) > 1:
                at = run.applied + 1
                yield rules.AXES.found(
                    f"input ({steps}, {samples}, ...) is read as {steps} steps of {samples} samples, and the loss has "
                    f"{steps} samples",
                    subject=name, update=at, stage=self._seen.stage(name, at),
                )  # fmt: skip
