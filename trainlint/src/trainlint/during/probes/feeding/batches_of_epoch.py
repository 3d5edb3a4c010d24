"""Do an epoch's batches, backward passes and updates agree?"""

import math

from ....findings import Stage
from ....rules import updates as rules
from ...run import Epoch, Lane, Run
from ..probe import Found, Probe


class Batches(Probe):
    """Batches that the loop reports against what was seen, where one optimiser trains."""

    def __init__(self) -> None:
        self._few: list[str] = []
        self._short = 0
        self._wasted = 0

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Compare, and confirm with the next epoch what one epoch showed."""
        if not epoch.batches or len(run.lanes) != 1 or run.strays:
            return
        lane, batches = run.lanes[0], epoch.batches
        if 0 < epoch.backwards < batches - epoch.skipped and 2 * epoch.backwards <= batches:
            self._few.append(
                f"{batches} batches, {epoch.backwards} backward passes, {epoch.applied} updates in epoch {epoch.index}"
            )
            stage = Stage.CONFIRMED if len(self._few) > 1 else Stage.SUSPECTED
            yield rules.BATCH_WITHOUT_BACKWARD.found(self._few[-1], stage=stage, batches=batches)
            return
        yield from self._dropped(run, lane, epoch, batches)

    def _dropped(self, run: Run, lane: Lane, epoch: Epoch, batches: int) -> Found:
        """Passes left over at an epoch's end join the next window, or are dropped: what is cleared then decides."""
        window = run.plan.accumulation or max(1, lane.window)
        dropped = lane.wasted > self._wasted
        self._wasted = lane.wasted
        expected = math.ceil(batches / window)
        if window == 1 or epoch.backwards != batches or epoch.applied + epoch.skipped >= expected:
            return
        self._short += 1
        yield rules.WINDOW_DROPPED.found(
            f"{epoch.applied} updates in epoch {epoch.index}, {expected} expected of {batches} batches in windows of "
            f"{window}; {batches % window} passes left over",
            stage=Stage.CONFIRMED if dropped and self._short > 1 else Stage.SUSPECTED,
            applied=epoch.applied, expected=expected, window=window,
        )  # fmt: skip

    def asked(self, run: Run) -> Found:
        """A run of one epoch ends: what it showed stands."""
        if len(self._few) == 1 and len(run.epochs) == 1:
            yield rules.BATCH_WITHOUT_BACKWARD.found(self._few[0])
