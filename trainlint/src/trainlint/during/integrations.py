"""How to watch a training whose loop belongs to a library: callbacks for Lightning and for the Hugging Face Trainer.

accelerate needs none: pass what `accelerator.prepare` returned to `Watch`. The libraries are imported on use, since
this package does not depend on them.
"""

# ruff: noqa: ANN401 - the libraries define these methods and their types
import sys
from typing import Any

from torch import Tensor

from ..verdict import Verdict
from .hearing.patches import nothing, patch
from .watch import Watch


def lightning_callback(**options: Any) -> Any:
    """A callback for `lightning.Trainer(callbacks=[...])` with automatic or manual optimisation.

    It watches from the start of `fit`, takes each training step's loss and each epoch's `train_loss` and `val_loss`.
    A verdict that is not healthy is told on standard error at the end; it is the attribute `verdict`.

    Args:
        **options: handed to `Watch`.
    """
    from lightning.pytorch import Callback  # pyright: ignore[reportMissingImports]

    class WatchCallback(Callback):
        """Watches a Lightning fit."""

        watch: Watch | None = None
        verdict = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            schedulers = [each.scheduler for each in trainer.lr_scheduler_configs]
            scaler = vars(trainer.precision_plugin).get("scaler")
            self.watch = Watch(pl_module, trainer.optimizers, schedulers, scaler, **options)

        def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
            if self.watch is not None:
                self.watch.loss(loss)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            known = {name: float(value) for name, value in trainer.callback_metrics.items()}
            if self.watch is not None:
                self.watch.epoch(train=known.get("train_loss"), val=known.get("val_loss"))

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self.verdict = _told(self.watch)

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self.verdict = _told(self.watch, exception)

    return WatchCallback()


def transformers_callback(**options: Any) -> Any:
    """A callback for `transformers.Trainer(callbacks=[...])`.

    It watches from the start of training, takes each step's loss where `backward` is called on it, since the Trainer
    shows it to no callback, and `eval_loss` at each evaluation. A verdict that is not healthy is told on standard
    error at the end; it is the attribute `verdict`.

    Args:
        **options: handed to `Watch`.
    """
    from transformers import TrainerCallback  # pyright: ignore[reportMissingImports]

    class WatchCallback(TrainerCallback):
        """Watches a Hugging Face training."""

        watch: Watch | None = None
        verdict = None
        _undo = staticmethod(nothing)

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            scheduler = kwargs.get("lr_scheduler")
            self.watch = Watch(kwargs["model"], kwargs["optimizer"], scheduler, **options)

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._undo()  # what an error left behind
            self._undo = patch(Tensor, "backward", self._hear)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._undo()

        def _hear(self, original: Any, loss: Tensor, *others: Any, **kwargs: Any) -> Any:
            if self.watch is not None:
                self.watch.loss(loss)
            return original(loss, *others, **kwargs)

        def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            metrics = kwargs.get("metrics") or {}
            if self.watch is not None and "eval_loss" in metrics:
                self.watch.epoch(val=float(metrics["eval_loss"]))

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._undo()
            self.verdict = _told(self.watch)

    return WatchCallback()


def _told(watch: Watch | None, error: BaseException | None = None) -> Verdict | None:
    verdict = None if watch is None else watch.close(error)
    if verdict is not None and verdict.findings:
        sys.stderr.write(f"{verdict}\n")
    return verdict
