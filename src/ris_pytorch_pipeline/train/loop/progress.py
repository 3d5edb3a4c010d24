"""How far is the run? Counts of what happened, all that a resumed run must know besides tensors."""

from dataclasses import dataclass, field
from typing import Any

from ...experiment.optimisation import Stopping
from .update import Outcome, Update


@dataclass(kw_only=True)
class Progress:
    """Counts of one run, changed by the trainer as it goes.

    >>> progress = Progress()
    >>> progress.note_batch(loss=0.8, size=32)
    >>> progress.note_batch(loss=0.4, size=32)
    >>> progress.samples, round(progress.train_loss(), 3)
    (64, 0.6)
    >>> progress.note_attempt(Outcome.APPLIED, without=())
    >>> progress.note_attempt(Outcome.ZERO, without=())
    >>> progress.attempts, progress.updates, progress.in_a_row
    (2, 1, 1)

    Two epochs, of which the second is no better:

    >>> for loss in (0.7, 0.75):
    ...     better = progress.note_metric(loss, least_gain=0.0)
    ...     progress.close_epoch({"validation": loss})
    ...     print(progress.epoch, better, progress.to_plain()["best"])
    1 True 0.7
    2 False 0.7
    >>> from ris_pytorch_pipeline.experiment import Stopping
    >>> progress.stop_if_stale(Stopping(patience=1))
    >>> progress.stopped
    'total no lower for 1 epochs'

    Args:
        epoch: epochs finished.
        window: windows of the present epoch finished: the data position.
        batches: batches whose gradient was taken.
        samples: scenes in them.
        attempts: updates attempted.
        updates: updates applied; the schedule's clock.
        failures: attempts that were not applied, by the sentence that says why.
        in_a_row: failures since the last applied update.
        loss_sum: sum of the loss over the scenes of the present epoch.
        loss_samples: scenes in that sum.
        loss_batches: batches in that sum.
        motions: measured Δparam of the present epoch.
        without: parameters that had no gradient in any attempt so far; None before the first.
        history: one record per finished epoch.
        best: lowest value of the named metric; None before the first finite one.
        best_epoch: the epoch it was seen in.
        stale: epochs since then.
        stopped: why training ended early; empty if it did not.
        pieces: in which a batch is computed, see `backward`.
    """

    epoch: int = 0
    window: int = 0
    batches: int = 0
    samples: int = 0
    attempts: int = 0
    updates: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    in_a_row: int = 0
    loss_sum: float = 0.0
    loss_samples: int = 0
    loss_batches: int = 0
    motions: list[float] = field(default_factory=list)
    without: list[str] | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    best: float | None = None
    best_epoch: int = 0
    stale: int = 0
    stopped: str = ""
    pieces: int = 1

    def note_batch(self, loss: float, size: int) -> None:
        """Count a batch and its loss, whether or not an update follows."""
        self.batches += 1
        self.samples += size
        self.loss_sum += loss * size
        self.loss_samples += size
        self.loss_batches += 1

    def note_attempt(self, outcome: Outcome, without: tuple[str, ...]) -> None:
        """Count an attempt; the clock of the schedule runs only if it was applied."""
        self.attempts += 1
        self.window += 1
        self.without = list(without) if self.without is None else [n for n in self.without if n in without]
        if outcome is Outcome.APPLIED:
            self.updates += 1
            self.in_a_row = 0
        else:
            self.failures[outcome.value] = self.failures.get(outcome.value, 0) + 1
            self.in_a_row += 1

    def note_motion(self, update: Update) -> None:
        """Keep a measured Δparam for the epoch's summary."""
        if update.motion is not None:
            self.motions.append(update.motion.total)

    def train_loss(self) -> float:
        """Mean loss over the scenes of the present epoch."""
        return self.loss_sum / self.loss_samples

    def close_epoch(self, record: dict[str, Any]) -> None:
        """Count a finished epoch and start the next one."""
        self.history.append(record)
        self.epoch += 1
        self.window, self.loss_sum, self.loss_samples, self.loss_batches, self.motions = 0, 0.0, 0, 0, []

    def note_metric(self, value: float, least_gain: float) -> bool:
        """Whether this is the best epoch so far, the present one counted from 1; NaN never is."""
        better = value < float("inf") if self.best is None else value < self.best - least_gain
        if better:
            self.best, self.best_epoch, self.stale = value, self.epoch + 1, 0
        else:
            self.stale += 1
        return better

    def stop_if_stale(self, stopping: Stopping) -> None:
        """Decide whether training ends early, and say why."""
        if stopping.patience is not None and self.stale >= stopping.patience:
            self.stopped = f"{stopping.metric} no lower for {self.stale} epochs"

    def to_plain(self) -> dict[str, Any]:
        """For a checkpoint."""
        return dict(vars(self))
