"""What do the losses say: not finite, zero, constant, or diverging?"""

import math
from collections import defaultdict
from collections.abc import Sequence
from operator import ne

import torch

from ....findings import Severity, Stage
from ....rules import data as data_rules
from ....rules import losses as rules
from ....rules import updates
from ...losses.criteria import parts
from ...losses.graph import name as node_name
from ...plan import Why
from ...run import Lane, Run, Step
from ..probe import Cast, Found, Loss, Probe

_SAME = 8
"""Different data do not give one float32 number eight times."""
_AGAIN = 10.0
"""A running loss that stays above ten times its start has left, whatever the batch noise."""
_FALLEN = 1e3
"""A likelihood of densities goes below zero by its own size; a thousand times that is no likelihood."""
_HALF = {torch.float16, torch.bfloat16}
_FLOORED = {
    *("MseLoss", "SmoothL1Loss", "HuberLoss", "NllLoss", "NllLoss2D", "BinaryCrossEntropy", "Abs", "Softplus", "Exp"),
    *("BinaryCrossEntropyWithLogits", "SoftMarginLoss", "MultiMarginLoss", "LinalgVectorNorm", "Norm", "Sqrt", "Relu"),
    *("ClampMin", "CtcLoss", "Logsumexp"),
}
"""Nodes whose result is never negative, or never far below zero."""


class Stream(Probe):
    """The stream of loss values, by name."""

    losses = Why.MEASURED | Why.ODD
    updates = Why.MEASURED

    def __init__(self) -> None:
        self._series: defaultdict[str, _Series] = defaultdict(_Series)
        self._bad = self._since = self._late = 0
        self._unconfirmed = ""

    def loss(self, run: Run, loss: Loss) -> Found:
        """A loss without a graph, or of half precision."""
        tensor = loss.tensor
        if torch.is_grad_enabled() and not tensor.requires_grad:
            yield updates.GRAPH_CUT.found(
                f"{loss.name} = {float(tensor.detach().float().mean()):.6g} has no grad_fn", update=run.applied + 1
            )
        if tensor.dtype in _HALF:
            yield data_rules.HALF_LOSS.found(f"{loss.name} is {str(tensor.dtype).removeprefix('torch.')}")
        self._series[loss.name].coarse |= tensor.dtype in _HALF
        if loss.measured and tensor.grad_fn is not None:
            self._series[loss.name].unpaid = _unpaid(loss)

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """New values."""
        series = self._series[name]
        if not self._bad and series.moving and all(map(math.isfinite, values)) and series.differs(values):
            series.extend(values)
            return
        for value in values:
            yield from self._one(run, name, value)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """A loss of one value that moves weights all the same stands for its gradient, as a surrogate does."""
        if step.measured and any(step.used.values()):
            for series in self._series.values():
                series.moves = True
        return ()

    def asked(self, run: Run) -> Found:
        """What was suspected is judged by the whole run."""
        if self._unconfirmed and run.applied > self._since:
            yield rules.NOT_FINITE.found(self._unconfirmed, severity=self._severity(run))
        for name, series in self._series.items():
            yield from _still(run, name, series, ended=True)

    def _severity(self, run: Run) -> Severity | None:
        return Severity.NOTE if run.plan.guarded else None

    def _one(self, run: Run, name: str, value: float) -> Found:
        if not math.isfinite(value):
            self._bad += 1
            if self._bad == 1:  # of weights that an update has lost the loss is lost after it
                self._since = run.applied
                self._late = not all(bool(p.isfinite().all()) for lane in run.lanes for p in lane.names)
            # Under a scaler one overflow in the forward pass is skipped like one in the backward pass.
            if run.plan.guarded or run.scaler is None or self._bad >= 3:
                at = self._since + 1
                self._unconfirmed = f"{name} is {value} at update {at}"
                # A loop that leaves a batch out makes no update of it.
                spoilt = self._bad > 1 and (run.applied > self._since or self._bad > _SAME)
                stage = Stage.of(spoilt or run.plan.guarded)
                at += self._late
                yield rules.NOT_FINITE.found(self._unconfirmed, severity=self._severity(run), update=at, stage=stage)
            return
        self._bad, self._unconfirmed = 0, ""
        series = self._series[name]
        series.add(value)
        yield from _still(run, name, series, ended=False)


class _Series:
    def __init__(self) -> None:
        self.first: list[float] = []
        self.last: list[float] = []
        self.count = self.same = 0
        self.moves = self.coarse = self.unpaid = False

    @property
    def moving(self) -> bool:
        return self.same == 1 and self.count > 4 * _SAME

    def differs(self, values: Sequence[float]) -> bool:
        return all(map(ne, (self.last[-1], *values), values))

    def extend(self, values: Sequence[float]) -> None:
        self.count += len(values)
        self.last += values
        del self.last[:-_SAME]

    def add(self, value: float) -> None:
        self.count += 1
        self.same = self.same + 1 if self.last and value == self.last[-1] else 1
        if len(self.first) < _SAME:
            self.first.append(value)
        self.last.append(value)
        del self.last[:-_SAME]


def _unpaid(loss: Loss) -> bool:
    every = list(parts(loss.tensor))
    nothing = all(p.factor == 0 or (p.weight is not None and not bool(p.weight.any())) for p in every)
    return bool(every) and nothing and not any(c.factor == 0 for c in loss.criteria)


def _still(run: Run, name: str, series: _Series, ended: bool) -> Found:
    at = run.applied + 1
    if not series.last or series.coarse:
        return
    value, same, fresh = series.last[-1], series.same, series.same == series.count
    if not fresh and series.count - same <= 2 * _SAME and same == 1:
        yield rules.ZERO.withdrawn(f"{name} is {value:.6g} now", subject="")
        yield rules.CONSTANT.withdrawn(f"{name} is {value:.6g} now", subject="")
    if fresh and value == 0 and same >= 3 and not series.moves:
        stage = Stage.of(ended or same >= 2 * _SAME)
        severity = Severity.NOTE if series.unpaid else None
        text = f"{name} is exactly 0 in the first {same} batches" + ("; all its weights are 0" if series.unpaid else "")
        yield rules.ZERO.found(text, update=at, stage=stage, severity=severity)
    elif value and same >= _SAME and (ended or same % _SAME == 0) and not (fresh and series.moves):
        # A loop that does one pass of accumulation may show the same weights and batch; later a plateau is a plateau.
        severity = None if fresh and run.applied >= 2 else Severity.NOTE
        stage = Stage.of(ended or same >= 2 * _SAME)
        yield rules.CONSTANT.found(
            f"{name} = {value:.9g} in {same} batches in a row, {run.applied} updates",
            severity=severity, update=at, stage=stage,
        )  # fmt: skip


class Diverging(Probe):
    """A loss that cannot fall below a floor, and stays many times above its start.

    A loss without a floor is no measure; one of several players, or one whose targets grow, may rise.
    """

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._cast = Cast()
        self._first: defaultdict[str, list[float]] = defaultdict(list)
        self._last: defaultdict[str, list[float]] = defaultdict(list)
        self._floored: dict[str, bool] = {}
        self._targets: list[float] = []
        self._high = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """Read what the loss is made of, and how large its targets are."""
        if not loss.legible:
            return ()
        self._cast.alone(run, loss)
        if not self._floored.get(loss.name, True):
            return ()
        self._floored[loss.name] = floored(loss)
        sizes = [
            c.target.detach().float().square().mean()
            for c in loss.criteria
            if c.target is not None and c.target.numel()
        ]
        self._targets += [float(torch.stack(sizes).sum())] if sizes else []
        return ()

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """New values."""
        first, last = self._first[name], self._last[name]
        if len(first) == _SAME and not self._high and all(v <= _AGAIN * max(first[:3]) for v in values):
            last += values
            del last[:-_SAME]
            return
        for value in values:
            if math.isfinite(value):
                yield from self._one(run, name, value)

    def _one(self, run: Run, name: str, value: float) -> Found:
        first, last = self._first[name], self._last[name]
        if len(first) < _SAME:
            first.append(value)
        last.append(value)
        del last[:-_SAME]
        start = max(first[:3])
        if len(last) < _SAME or not self._floored.get(name) or self._cast.game or start <= 0:
            return
        lowest = min(last)
        if lowest <= _AGAIN * start or lowest <= self._grown() * start:
            if self._high:
                self._high = 0
                yield rules.DIVERGED.withdrawn(f"{name} has come back to {value:.4g}")
            return
        self._high += 1
        if self._high % _SAME == 1:
            yield rules.DIVERGED.found(
                f"the last {_SAME} values of {name} are all above {min(last):.3g}; the first three reached {start:.3g}",
                update=run.applied + 1, start=start, lowest=min(last),
                stage=Stage.of(self._high > _SAME),
            )  # fmt: skip

    def asked(self, run: Run) -> Found:
        """Still high at the end, or far below all that a likelihood can be."""
        for name, last in self._last.items():
            if len(last) < _SAME:
                continue
            first = self._first[name][:3]
            if self._high and min(last) > self._grown() * max(first):
                yield rules.DIVERGED.found(
                    f"the last {_SAME} values of {name} are all above {min(last):.3g}; the first three reached "
                    f"{max(first):.3g}",
                    update=run.applied,
                )  # fmt: skip
            fallen = max(last) < -_FALLEN * max(1.0, *map(abs, first))
            if fallen and self._floored.get(name) is False and not self._cast.game:
                yield rules.NO_BOUND.found(f"the last {_SAME} values of {name} are all below {max(last):.3g}")

    def _grown(self) -> float:
        if len(self._targets) < 2:
            return 100 * _AGAIN  # nobody can read them
        early, late = max(self._targets[:3]), max(self._targets[-3:])
        return _AGAIN * max(1.0, 10 * late / early if early > 0 and late > 2 * early else 1.0)


def floored(loss: Loss) -> bool:
    """True where a loss is a sum of terms that are never negative."""
    criteria = {id(each.node) for each in loss.criteria if each.factor > 0}
    every = list(parts(loss.tensor))
    return bool(every) and all(
        id(p.node) in criteria or (p.factor > 0 and node_name(p.node) in _FLOORED) for p in every
    )
