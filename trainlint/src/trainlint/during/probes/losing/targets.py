"""What are the targets: one value for ever, one class a batch, or not numbers at all?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ....findings import Severity, Stage
from ....rules import data as data_rules
from ....rules import losses
from ...losses.criteria import Criterion
from ...losses.graph import chain, edges, name, nearby, pieced, producers, saved
from ...plan import Why, glance
from ...run import Run
from ..probe import Cast, Found, Loss, Probe

_THERE, _SHARE = 0.01, 1e-3
"""Share of the targets from which on a class counts, and share of the loss below which it does not."""
_ROUNDING = 1e-5
_MANY = 12
"""Samples from which a shuffled batch of one of two classes is one in two thousand."""
_FEW = 4
"""Entries or batches below which nothing is said: four of a kind may be chance."""
_DATA = {
    "Addmm": "mat1",
    "Mm": "self",
    "Bmm": "self",
    "Convolution": "input",
    "NativeLayerNorm": "input",
    "NativeBatchNorm": "input",
    "Mv": "self",
}
_PLACE = {"Addmm": 1}
"""Which operand of a node is data, and where it stands among its edges."""
_CLASSES = {"classes", "labels", "logits", "margin"}


@dataclass
class _Window:
    low: float
    high: float
    count: int


class Targets(Probe):
    """Do the targets vary, within a batch and between batches?"""

    losses = Why.MEASURED | Why.GLANCE

    def __init__(self) -> None:
        self._cast = Cast()
        self._windows: dict[int, _Window] = {}
        self._classes = self._terms = False

    def loss(self, run: Run, loss: Loss) -> Found:
        """Note the range of the targets of every criterion in the update."""
        due = loss.measured or glance(run.applied + 1)
        if not due or loss.tensor.grad_fn is None or not self._cast.alone(run, loss) or self._cast.game:
            return ()
        # A residual, as of a differential equation, has no data beside it, and a condition beside it may be a constant.
        self._terms |= len(loss.terms) > 1 or any(c.target is None for c in loss.criteria)
        for each in loss.criteria:
            places = each.kind == "classes" and pieced(each.prediction)
            if not places and (each.kind in _CLASSES or _direct(each, loss.outputs)):
                self._classes |= each.kind in _CLASSES
                self._note(run.applied, each)
        return self._judge(run, len(self._windows) > 5)

    def asked(self, run: Run) -> Found:
        """The end of the run is the last word."""
        return self._judge(run, ended=True)

    def _note(self, update: int, criterion: Criterion) -> None:
        target = criterion.target
        if target is None or target.numel() == 0 or target.is_complex():
            return
        own = target.detach()
        kept = own if criterion.kind != "classes" else own[own >= 0]
        if kept.numel() == 0:
            return
        low, high = torch.stack([kept.min().double(), kept.max().double()]).tolist()
        if high - low <= _ROUNDING * max(abs(high), abs(low)):  # found as a difference, they are equal but for rounding
            low = high = float(f"{low:.4g}")
        known = self._windows.setdefault(update, _Window(low, high, 0))
        known.low, known.high, known.count = min(low, known.low), max(high, known.high), known.count + kept.numel()

    def _judge(self, run: Run, ended: bool) -> Found:
        seen = [each for each in self._windows.values() if each.count >= _FEW]
        if len(seen) < 3 or self._cast.game:
            return
        stage = Stage.of(ended)
        pure = [each.low for each in seen if each.low == each.high]
        values, kind = set(pure), "class" if self._classes else "value"
        if len(pure) == len(seen) and len(values) == 1:
            yield data_rules.DEAD_FIELD.found(
                f"every target in {len(seen)} batches looked at is the same {kind}, {pure[0]:g}",
                subject="target",
                update=run.applied,
                stage=stage,
                severity=Severity.NOTE if self._terms else Severity.WARNING,  # one of several may have nothing to do
            )
            return
        yield data_rules.DEAD_FIELD.withdrawn("the targets vary", subject="target")
        # Shuffled batches of mostly one class are pure in that class alone; sorted ones in several.
        large = len(pure) > 2 and min(each.count for each in seen) >= _MANY
        most = len(pure) > (0.3 if large else 0.8) * len(seen)
        if self._classes and len(seen) > _FEW and most and len(values) > 1:
            yield data_rules.ONE_LABEL.found(
                f"{len(pure)} of {len(seen)} batches looked at hold one class each, {len(values)} classes in all",
                update=run.applied,
                stage=stage,
                single=len(pure),
                batches=len(seen),
            )


def _direct(criterion: Criterion, outputs: Sequence[Tensor]) -> bool:
    known = producers(outputs)
    for node in chain(criterion.prediction, 6):
        if id(node) in known:
            return True
        if name(node) in {"Add", "Sub", "Rsub"} and all(child is not None for child, _ in edges(node)):
            return False
    return False


class ClassWeights(Probe):
    """Does every class that is there count in a weighted loss?"""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._counts: Tensor | None = None
        self._weight: Tensor | None = None

    def loss(self, run: Run, loss: Loss) -> Found:
        """Count the classes under a criterion that weighs them."""
        if loss.tensor.grad_fn is not None:
            for each in loss.criteria:
                if each.kind == "classes" and each.weight is not None and each.target is not None:
                    known = each.target.flatten()
                    known = known[(known >= 0) & (known < len(each.weight))]
                    now = torch.bincount(known, minlength=len(each.weight)).double().cpu()
                    same = self._counts is not None and len(self._counts) == len(now)
                    self._counts = now + self._counts if same and self._counts is not None else now
                    self._weight = each.weight.detach().double().cpu()
        return ()

    def asked(self, run: Run) -> Found:
        """A class of some size with next to no share of the loss; one of weight 0 is left out on purpose."""
        if self._counts is None or self._weight is None or not bool(self._counts.any()):
            return
        there, share = self._counts / self._counts.sum(), self._counts * self._weight
        share = share / share.sum().clamp_min(1e-30)
        for index in torch.nonzero((there > _THERE) & (self._weight > 0) & (share < _SHARE)).flatten().tolist():
            yield losses.ZERO_WEIGHT.found(
                f"{there[index]:.1%} of the targets are of class {index}, and its weight of {self._weight[index]:.2g} "
                f"gives it {share[index]:.1e} of the loss",
                subject=f"class {index}",
                update=run.applied,
            )


class NotNumbers(Probe):
    """Where a loss is not finite: did the batch itself bring that in?"""

    losses = Why.MEASURED | Why.ODD

    def __init__(self) -> None:
        self._last: Loss | None = None
        self._culprits: dict[str, str] = {}
        self._at: int | None = None

    def loss(self, run: Run, loss: Loss) -> Found:
        """Keep the graph until the value is read, which is at once on a CPU and at measured updates."""
        self._last = loss if loss.measured or loss.tensor.device.type == "cpu" else None
        return ()

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """Look at what went in; a loop that leaves such a batch out goes on with finite losses."""
        last, self._last = self._last, None
        if all(map(math.isfinite, values)):
            self._culprits, self._at = {}, None
            return
        if self._at is None:
            self._at = run.applied
            self._culprits = _culprits(last) if last is not None and len(values) == 1 else {}
        # An update has been made of it, and the next loss is lost as well.
        stage = Stage.of(run.applied > self._at)
        for subject, text in self._culprits.items():
            yield data_rules.NOT_NUMBERS.found(text, subject=subject, update=self._at + 1, stage=stage)


def _culprits(loss: Loss) -> dict[str, str]:
    found = {}
    for tensor in loss.inputs:
        share = _bad_share(tensor)
        if share:
            found["input"] = f"{share:.2%} of an input of shape {tuple(tensor.shape)} is NaN or inf"
    if not found and (tensor := _fed(loss)) is not None:
        found["input"] = f"{_bad_share(tensor):.2%} of what a layer got, of shape {tuple(tensor.shape)}, is NaN or inf"
    for criterion in loss.criteria:
        share = 0.0 if criterion.target is None else _bad_share(criterion.target)
        if share and criterion.target is not None:
            found["target"] = f"{share:.2%} of a target of shape {tuple(criterion.target.shape)} is NaN or inf"
    return found


def _fed(loss: Loss) -> Tensor | None:
    for node in nearby(loss.tensor, 5000):
        key = _DATA.get(name(node))
        given = None if key is None or edges(node)[_PLACE.get(name(node), 0)][0] is not None else saved(node, key)
        if given is not None and _bad_share(given):
            return given
    return None


def _bad_share(tensor: Tensor) -> float:
    own = tensor.detach()
    if not own.is_floating_point() or own.numel() == 0 or own.is_sparse:
        return 0.0
    good = own.isfinite()
    if bool(good.all()) or (not bool(own[good].any()) and not bool(own.isnan().any())):
        return 0.0
    return float((~good).float().mean())
