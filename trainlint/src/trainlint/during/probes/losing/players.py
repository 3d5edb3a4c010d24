"""Of networks that are trained on one another: does anybody oppose the other? Is the loss reported the one seen?"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ....findings import Severity, Stage
from ....rules import data as data_rules
from ....rules import losses as loss_rules
from ....rules import updates as update_rules
from ...hearing.passes import Pass
from ...losses.criteria import parts
from ...losses.graph import chain
from ...plan import Why
from ...run import Epoch, Lane, Run, Step
from ...weights.names import modules
from ..probe import Found, Loss, Probe

_CLASSES = {"labels", "logits", "squared"}
_SURE = 3
"""Measured updates of each player that confirm."""
_TORN = 2
"""Of two steps to each loss every second one is measured at most."""
_ONE_SIDED = 6


@dataclass(frozen=True)
class _Pull:
    judge: int
    maker: int | None
    live: bool
    label: float


class Players(Probe):
    """What a judge learns of made samples, and what their maker is rewarded for.

    A loss belongs to the optimiser that steps next; samples and judges are told by identity and by memory.
    """

    losses = updates = Why.MEASURED

    def __init__(self) -> None:
        self._open: list[_Pull] = []
        self._at = 0
        self._judged: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        self._wanted: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        self._labels: defaultdict[int, list[float]] = defaultdict(list)
        self._updates = 0

    def attached(self, run: Run) -> Found:
        """Of several models every loss and step is worth a word: the step on a measured loss may not be measured."""
        if type(run.model) in {nn.ModuleDict, nn.ModuleList}:
            self.losses = self.updates = Why.ALWAYS
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Read the pulls of a loss, where several models are watched."""
        if type(run.model) not in {nn.ModuleDict, nn.ModuleList}:
            return ()
        if self._at != run.applied:
            self._open, self._at = [], run.applied
        if loss.legible:
            self._open = [*self._open, *_pulls(loss)][-16:]
        return ()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """The optimiser that stepped tells whose loss it was."""
        recent = run.applied - self._at <= 2  # a second step without a loss of its own uses the first's
        pulls = self._open if recent else []
        if not pulls:
            return
        mine = _models_of(run, lane)
        if len(mine) != 1:
            return
        (own,) = mine
        self._updates += 1
        for pull in pulls:
            if pull.judge == own:
                self._labels[own].append(pull.label)
                if pull.maker is not None:
                    self._judged[pull.judge, pull.maker].append(pull.label)
            elif pull.maker == own and pull.live:
                self._wanted[pull.judge, own].append(pull.label)
        yield from self._judge(run, lane, Stage.SUSPECTED)

    def asked(self, run: Run) -> Found:
        """What held until the end."""
        yield from self._judge(run, None, Stage.CONFIRMED)
        yield from self._one_sided(run)

    def _judge(self, run: Run, lane: Lane | None, stage: Stage) -> Found:
        for (judge, maker), wanted in self._wanted.items():
            judged = self._judged.get((judge, maker), [])
            yield from self._torn(run, judge, maker, stage)
            if min(len(wanted), len(judged)) < _SURE or len({*wanted, *judged}) != 1:
                continue
            yield loss_rules.PLAYERS_AGREE.found(
                f"{_called(run, judge)} is taught label {judged[0]:g} for what {_called(run, maker)} makes, and "
                f"{_called(run, maker)} is rewarded for the same one, in {len(judged)} and {len(wanted)} updates",
                update=run.applied, stage=stage,
            )  # fmt: skip

    def _torn(self, run: Run, judge: int, maker: int, stage: Stage) -> Found:
        wanted = self._wanted[judge, maker]
        if min(wanted.count(0.0), wanted.count(1.0)) >= _TORN:
            yield loss_rules.PLAYERS_AGREE.found(
                f"{_called(run, maker)} is stepped towards both labels of {_called(run, judge)}: {wanted.count(0.0)} "
                f"times towards 0 and {wanted.count(1.0)} times towards 1",
                subject=_called(run, maker), update=run.applied, stage=stage,
            )  # fmt: skip

    def _one_sided(self, run: Run) -> Found:
        for judge in {judge for judge, _ in self._wanted}:
            labels = self._labels[judge]
            if len(labels) >= _ONE_SIDED and len(set(labels)) == 1:
                both = "samples that are made" if any(j == judge for j, _ in self._judged) else "data alone"
                yield data_rules.DEAD_FIELD.found(
                    f"{_called(run, judge)} was taught label {labels[0]:g} alone in {len(labels)} terms, on {both}",
                    subject="target", update=run.applied, severity=Severity.WARNING,
                )  # fmt: skip


def _pulls(loss: Loss) -> Iterator[_Pull]:
    for each in loss.criteria:
        if (
            each.kind in _CLASSES
            and each.target is not None
            and each.prediction is not None
            and each.factor == each.factor
        ):
            label = _constant(each.target)
            found = _pass_of(loss, each.prediction)
            if label is not None and found is not None:
                yield _pull(found, label if each.factor > 0 else 1 - label)
    for part in parts(loss.tensor):
        found = _pass_of(loss, part.node, most=1)
        if found is not None and part.weight is None and part.factor:
            yield _pull(found, 0.0 if part.factor > 0 else 1.0)


def _constant(target: Tensor) -> float | None:
    low, high = float(target.min()), float(target.max())
    near = round(low)
    return float(near) if near == round(high) and near in {0, 1} and abs(high - low) <= 0.5 else None


def _pass_of(loss: Loss, node: object, most: int = 6) -> Pass | None:
    way = [id(each) for each in chain(node, most)]
    for each in loss.passes:
        if any(out.grad_fn is not None and id(out.grad_fn) in way for out in each.outputs):
            return each
    return None


def _pull(judged: Pass, label: float) -> _Pull:
    makers = judged.made_by - {id(judged.model)}
    live = any(t.grad_fn is not None for t in judged.inputs)
    return _Pull(id(judged.model), next(iter(makers)) if len(makers) == 1 else None, live, label)


def _models_of(run: Run, lane: Lane) -> set[int]:
    held = set(lane.parameters)
    return {id(model) for model in run.model.children() if any(p in held for p in model.parameters())}


def _called(run: Run, model: int) -> str:
    return next((name for name, each in modules(run.model).items() if id(each) == model), "a model")


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
                yield update_rules.REPORTED_LOSS.found(
                    f"reported {epoch.train:.6g} is {ratio:.3f} of the mean {mean:.6g} of {len(seen)} losses: 1/{name}",
                    ratio=ratio, factor=factor,
                )  # fmt: skip
                return
        if epoch.train < min(seen) - 0.1 * abs(min(seen)):
            yield from self._below(epoch, min(seen), len(seen))

    def _below(self, epoch: Epoch, least: float, count: int) -> Found:
        self._low += 1
        if len(ratios := self._ratios) > 1 and max(ratios) - min(ratios) <= _CLOSE * max(map(abs, ratios)):
            yield update_rules.REPORTED_LOSS.withdrawn(
                f"{self._ratios[-1]:.4g} of the mean in every epoch: another unit"
            )
        else:
            yield update_rules.REPORTED_LOSS.found(
                f"reported {epoch.train:.6g} is below the smallest of {count} losses, {least:.6g}",
                ratio=self._ratios[-1], stage=Stage.of(self._low > 1),
            )  # fmt: skip
