"""Did updates happen: skips, discarded gradients, dropped windows and loops that are not loops?"""

import math
from collections import Counter
from collections.abc import Iterable

import torch
from torch import Tensor

from ....findings import Finding, Severity, Stage
from ....rules import data
from ....rules import updates as rules
from ...plan import Why
from ...run import Epoch, Lane, Run, Step
from ...weights.lanes import scale_of
from ...weights.windows import mark
from ..probe import Found, Probe

_SKIPS = 20
"""A scaler starts at 2^16 and halves: after 17 skips it is below 1."""
_TURNS = 200
"""A critic may have a hundred updates before its generator has the first."""


class Updates(Probe):
    """Backward passes against updates: what moved the weights decides, not who was asked to."""

    updates = Why.MEASURED | Why.ODD

    def __init__(self) -> None:
        self._skips: Counter[int] = Counter()
        self._idle: Counter[int] = Counter()
        self._empty: Counter[int] = Counter()
        self._start: dict[int, Tensor] = {}

    def attached(self, run: Run) -> Found:
        """Remember a few weights of each optimiser."""
        self._start = {id(lane): mark(lane.held) for lane in run.lanes if lane.held}
        return ()

    def cleared(self, run: Run, lane: Lane) -> Found:
        """Gradients thrown away before the first update may be a look at the data, as a Fisher matrix is.

        Not so where the plan declares windows that should have ended in a step.
        """
        if lane.wasted == 3 and not lane.applied and not lane.skipped and not self._moved(lane):
            stage = Stage.of(run.plan.accumulation is not None)
            yield _never(lane, f"gradients cleared {lane.wasted} times", stage)

    def skipped(self, run: Run, lane: Lane, reason: str) -> Found:
        """A scaler's skips are normal at the start, and a stall when they do not end."""
        self._skips[id(lane)] += 1
        count = self._skips[id(lane)]
        settling = count < 3 * _SKIPS and run.scaler is not None and scale_of(run.scaler) > 1
        if count % _SKIPS == 0 and not settling and not run.plan.guarded:
            yield rules.SCALER_SKIPS.found(
                f"{count} steps refused in a row: {reason}; {lane.applied} updates so far",
                subject=lane.subject, update=lane.applied, skips=count, applied=lane.applied,
            )  # fmt: skip

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """An update ends a row of skips; gradients that arrived and are gone make it an empty one."""
        self._skips[id(lane)] = self._idle[id(lane)] = 0
        if lane.applied == 1:
            yield rules.NO_UPDATE.withdrawn("update 1 was applied", subject=lane.subject, update=1)
        arrived = math.hypot(*(g for g in step.arrived.values() if g)) / step.scale
        lost = step.cleared or 0 < arrived < math.inf
        if step.measured and lost and not any(step.used.values()) and not step.closure:
            self._empty[id(lane)] += 1
            how = "it was cleared after backward" if step.cleared else f"it had arrived with norm {arrived:.3g}"
            yield rules.CLEARED_EARLY.found(
                f"step {step.index} saw no gradient: {how}", subject=lane.subject, update=step.index, arrived=arrived,
                stage=Stage.of(self._empty[id(lane)] > 1),
            )  # fmt: skip

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Updates of the epoch against its backward passes."""
        if epoch.backwards and not epoch.applied and not epoch.skipped:
            yield from self._without(run, epoch)
        # A scaler may need half of a short first epoch to settle; a whole one, or half of a later one, is no settling.
        if epoch.skipped > 3 and (not epoch.applied or (epoch.index > 1 and epoch.skipped > epoch.applied)):
            fatal = not epoch.applied and epoch.index > 1 and not run.plan.guarded
            severity = Severity.FATAL if fatal else Severity.WARNING
            rule = rules.DISCARDED if run.scaler is None else rules.SCALER_SKIPS
            yield rule.found(
                f"{epoch.skipped} steps refused and {epoch.applied} applied in epoch {epoch.index}",
                severity=severity, skips=epoch.skipped, applied=epoch.applied,
            )  # fmt: skip
        yield from _discarded(run)
        if run.seen >= 3 or epoch.batches is not None:
            yield from _idle(run)

    def _without(self, run: Run, epoch: Epoch) -> Found:
        for lane in self._unmoved(run):
            self._idle[id(lane)] += 1
            sure = self._idle[id(lane)] > 1 and lane.wasted > 1 and not lane.applied
            yield _never(
                lane, f"none in {self._idle[id(lane)]} epoch(s), epoch {epoch.index} the last",
                Stage.of(sure),
            )  # fmt: skip

    def _unmoved(self, run: Run) -> Iterable[Lane]:
        for lane in run.lanes:
            if lane.backwards and not lane.applied and not lane.skipped and not lane.by_hand and not self._moved(lane):
                yield lane

    def _moved(self, lane: Lane) -> bool:
        start = self._start.get(id(lane))
        return start is not None and not torch.equal(start, mark(lane.held))

    def asked(self, run: Run) -> Found:
        """A verdict on a loop that never stepped, or on one of several optimisers that had no turn."""
        yield from _idle(run)
        yield from _discarded(run)
        if run.epochs and run.skipped and not run.applied:
            rule = rules.DISCARDED if run.scaler is None else rules.SCALER_SKIPS
            yield rule.found(
                f"every update of {len(run.epochs)} epoch(s) was refused: {run.skipped} of {run.skipped}",
                severity=Severity.WARNING, skips=run.skipped, applied=0,
            )  # fmt: skip
        alone = len(run.lanes) == 1
        for lane in self._unmoved(run):
            if lane.backwards < 3 or (not alone and run.applied < _TURNS):
                continue
            if lane.pending == lane.backwards < (run.plan.accumulation or 0):
                continue  # the first window is not full yet
            text = "nothing moved the weights" if alone else f"{run.applied} of the others"
            yield _never(lane, text, Stage.CONFIRMED, None if alone else Severity.WARNING)

    def blind(self, run: Run) -> Iterable[str]:
        """Weights that move without a step."""
        if any(lane.by_hand and not lane.applied for lane in run.lanes):
            yield "updates: the weights move, and not by the watched optimiser; such an update is not measured"


def _never(lane: Lane, text: str, stage: Stage, severity: Severity | None = None) -> Finding:
    return rules.NO_UPDATE.found(
        f"{lane.backwards} backward passes, 0 updates; {text}",
        subject=lane.subject, stage=stage, severity=severity, backwards=lane.backwards, applied=0,
    )  # fmt: skip


def _discarded(run: Run) -> Found:
    for lane in run.lanes:
        if lane.wasted >= 8 and lane.wasted > lane.applied and lane.gaps >= max(3, lane.applied // 4):
            yield rules.DISCARDED.found(
                f"{lane.wasted} windows cleared without a step, {lane.applied} updates, {lane.gaps} of them after such",
                subject=lane.subject, update=lane.applied, wasted=lane.wasted, applied=lane.applied,
            )  # fmt: skip


def _idle(run: Run) -> Found:
    if run.backwards or run.applied or run.skipped or run.strays:
        return
    epochs, batches = len(run.epochs), sum(epoch.batches or 0 for epoch in run.epochs)
    if run.seen >= 3 or batches:
        yield rules.NO_UPDATE.found(
            f"{run.seen} losses and {batches} batches in {epochs} epochs, 0 backward passes, 0 updates",
            losses=run.seen, batches=batches, backwards=0,
        )  # fmt: skip
    elif epochs:
        yield data.EMPTY.found(f"{epochs} epochs without a batch: no loss, no backward pass, no update", epochs=epochs)


class Stale(Probe):
    """Are gradients cleared between updates?"""

    updates = Why.MEASURED | Why.ODD

    def __init__(self) -> None:
        self._row: Counter[int] = Counter()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Three updates in a row on top of older gradients are suspicious, and five are a habit: nobody clears them."""
        self._row[id(lane)] = self._row[id(lane)] + 1 if step.stale else 0
        row = self._row[id(lane)]
        if row in {2, 4}:
            yield rules.NEVER_CLEARED.found(
                f"updates {step.index - row + 1} to {step.index} used gradients that contain those of earlier updates",
                subject=lane.subject, update=step.index, stage=Stage.of(row == 4),
            )  # fmt: skip


class Rebuilt(Probe):
    """Does an optimiser that nobody handed over step, a new one each time?"""

    updates = Why.MEASURED | Why.ODD

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Eight of them that keep moments and step once are made in the loop."""
        count = lane.rebuilt
        if lane.moments and count == lane.foreign and count >= 4 and count & (count - 1) == 0:
            yield rules.REBUILT.found(
                f"{count} optimisers stepped these weights, each of them once",
                subject=lane.subject, update=step.index, optimisers=count,
                stage=Stage.of(count > 4),
            )  # fmt: skip
