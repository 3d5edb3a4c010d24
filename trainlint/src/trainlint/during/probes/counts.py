"""Did updates happen: skips, discarded gradients, dropped windows and loops that are not loops?"""

import math

from ...findings import Severity
from ...rules import data
from ...rules import updates as rules
from ..run import Epoch, Lane, Run, Step
from .probe import Found, Probe

_SKIPS = 20
"""A scaler starts at 2^16 and halves: after 17 skips in a row even a scale below 1 does not help."""


_TURNS = 200
"""A critic may have a hundred updates before its generator has the first."""


class Updates(Probe):
    """Backward passes against updates."""

    def __init__(self) -> None:
        self._skips: dict[int, int] = {}

    def cleared(self, run: Run, lane: Lane) -> Found:
        """Gradients thrown away: a loop that never steps, or one that mostly does not."""
        if lane.wasted >= 3 and not lane.applied and not lane.skipped:
            yield rules.NO_UPDATE.found(
                f"{lane.backwards} backward passes, 0 updates, gradients cleared {lane.wasted} times",
                backwards=lane.backwards, applied=0,
            )  # fmt: skip
        elif lane.wasted >= 8 and lane.wasted > lane.applied:
            yield rules.DISCARDED.found(
                f"{lane.wasted} windows cleared without a step, {lane.applied} updates",
                update=lane.applied, wasted=lane.wasted, applied=lane.applied,
            )  # fmt: skip

    def skipped(self, run: Run, lane: Lane, reason: str) -> Found:
        """A scaler's skips are normal at the start, and a stall when they do not end."""
        self._skips[id(lane)] = self._skips.get(id(lane), 0) + 1
        if self._skips[id(lane)] == _SKIPS and not run.plan.guarded:
            yield rules.SCALER_SKIPS.found(
                f"{_SKIPS} steps refused in a row: {reason}; {lane.applied} updates so far",
                update=lane.applied, skips=_SKIPS, applied=lane.applied,
            )  # fmt: skip

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """An update ends a row of skips; gradients cleared just before it make it an empty one."""
        self._skips[id(lane)] = 0
        nothing = step.measured and not any(step.used.values())
        if step.cleared and nothing:
            yield rules.CLEARED_EARLY.found(
                f"step {step.index} saw no gradient: it was cleared after backward", update=step.index
            )

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Updates of the epoch against its batches."""
        if epoch.backwards and not epoch.applied and not epoch.skipped:
            yield rules.NO_UPDATE.found(
                f"{epoch.backwards} backward passes and 0 updates in epoch {epoch.index}", backwards=epoch.backwards
            )
        # A scaler may need half of a short first epoch to settle; a whole one, or half of a later one, is no settling.
        if epoch.skipped > 3 and (not epoch.applied or (epoch.index > 1 and epoch.skipped > epoch.applied)):
            fatal = not epoch.applied and epoch.index > 1 and not run.plan.guarded
            severity = Severity.FATAL if fatal else Severity.WARNING
            rule = rules.DISCARDED if run.scaler is None else rules.SCALER_SKIPS
            yield rule.found(
                f"{epoch.skipped} steps refused and {epoch.applied} applied in epoch {epoch.index}",
                severity=severity, skips=epoch.skipped, applied=epoch.applied,
            )  # fmt: skip
        if run.seen >= 3 or epoch.batches is not None:
            yield from _idle(run)
        if epoch.batches and len(run.lanes) == 1:
            yield from self._batches(run, epoch, epoch.batches)

    def _batches(self, run: Run, epoch: Epoch, batches: int) -> Found:
        lane = run.lanes[0]
        if 0 < epoch.backwards < batches - epoch.skipped and 2 * epoch.backwards <= batches:
            yield rules.BATCH_WITHOUT_BACKWARD.found(
                f"{batches} batches, {epoch.backwards} backward passes, {epoch.applied} updates in epoch {epoch.index}",
                batches=batches, backwards=epoch.backwards, applied=epoch.applied,
            )  # fmt: skip
            return
        window = run.plan.accumulation or max(1, lane.window)
        expected = math.ceil(batches / window)
        # Passes left over at the end of an epoch are either cleared at the start of the next one or join its gradient.
        if window > 1 and epoch.backwards == batches and epoch.applied + epoch.skipped < expected:
            yield rules.WINDOW_DROPPED.found(
                f"{epoch.applied} updates in epoch {epoch.index}, {expected} expected of {batches} batches in windows "
                f"of {window}; {batches % window} passes left over",
                applied=epoch.applied, expected=expected, window=window,
            )  # fmt: skip

    def asked(self, run: Run) -> Found:
        """A verdict on a loop that never stepped, or on one of several optimisers that had no turn."""
        yield from _idle(run)
        if run.epochs and run.skipped and not run.applied:
            rule = rules.DISCARDED if run.scaler is None else rules.SCALER_SKIPS
            yield rule.found(
                f"every update of {len(run.epochs)} epoch(s) was refused: {run.skipped} of {run.skipped}",
                severity=Severity.WARNING, skips=run.skipped, applied=0,
            )  # fmt: skip
        alone = len(run.lanes) == 1
        for number, lane in enumerate(run.lanes):
            if lane.backwards < 3 or lane.applied or lane.skipped or (not alone and run.applied < _TURNS):
                continue
            yield rules.NO_UPDATE.found(
                f"{lane.backwards} backward passes, 0 updates" + ("" if alone else f"; {run.applied} of the others"),
                subject="" if alone else f"optimiser {number}", severity=None if alone else Severity.WARNING,
                backwards=lane.backwards,
            )  # fmt: skip


def _idle(run: Run) -> Found:
    """Losses or epochs, and nothing that could train: no backward pass, no step, no batch at all."""
    if run.backwards or run.applied or run.skipped:
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

    def __init__(self) -> None:
        self._row: dict[int, int] = {}

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Three updates in a row on top of older gradients: nobody clears them."""
        self._row[id(lane)] = self._row.get(id(lane), 0) + 1 if step.stale else 0
        if self._row[id(lane)] == 2:
            yield rules.NEVER_CLEARED.found(
                f"updates {step.index - 1} and {step.index} used gradients that contain those of the updates before",
                update=step.index,
            )
