"""Is the model in the right mode, with weights that can differ, and are all parameters of the loss known?"""

from collections.abc import Sequence

from torch import Tensor, nn

from ...rules import losses, updates
from ..graph import leaves
from ..names import modules
from ..run import Epoch, Run, some
from ..samples import sample
from .probe import Found, Loss, Probe

_MODAL = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.modules.batchnorm._BatchNorm)
"""Modules that behave differently in training and evaluation."""


class Modes(Probe):
    """Train mode where gradients are computed, eval mode where they are not."""

    def __init__(self) -> None:
        self._modal: list[str] = []
        self._wrong = 0

    def attached(self, run: Run) -> Found:
        """Which modules care."""
        named = modules(run.model).items()
        self._modal = [n for n, m in named if isinstance(m, _MODAL) and not run.plan.is_frozen(n)]
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Three measured losses in eval mode, of a model that has something to switch."""
        if not self._modal or run.model.training or not loss.measured or not loss.tensor.requires_grad:
            return
        self._wrong += 1
        if self._wrong == 3:
            yield updates.EVAL_TRAINING.found(
                f"model.training is False in 3 measured updates; {some(self._modal)} care", update=run.applied + 1
            )

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Two epochs whose passes without gradients all ran in train mode."""
        pairs = [(e.judged, e.misjudged) for e in run.epochs[-2:] if e.val is not None]
        if self._modal and len(pairs) == 2 and all(right == 0 and wrong > 0 for right, wrong in pairs):
            yield losses.TRAIN_VALIDATION.found(
                f"{sum(wrong for _, wrong in pairs)} passes without gradients in train mode, none in eval mode; "
                f"{some(self._modal)} care"
            )  # fmt: skip


class Strangers(Probe):
    """Parameters that the loss depends on and nobody holds: they never change, or are new in every pass."""

    def __init__(self) -> None:
        self._first: dict[int, tuple[Tensor, Tensor]] = {}
        self._at: int | None = None

    def loss(self, run: Run, loss: Loss) -> Found:
        """Note them at the first measured loss, and look again after three updates."""
        if not loss.measured or (self._at is not None and (run.applied < self._at + 3 or not self._first)):
            return
        found = self._unknown(run, leaves(loss.tensor))
        if self._at is None:
            self._at = run.applied
            self._first = {id(p): (p, sample(p).clone()) for p in found}
            return
        kept = [self._first[id(p)] for p in found if id(p) in self._first]
        still = sum(bool((sample(p) == before).all()) for p, before in kept)
        if found and (still == len(kept)):
            kind = "unchanged" if kept else "new in every pass"
            yield updates.UNHELD.found(
                f"the loss depends on {len(found)} parameters that neither model nor optimiser holds; {kind} after "
                f"{run.applied - self._at} updates",
                update=run.applied + 1, tensors=len(found),
            )  # fmt: skip
        self._first = {}

    def _unknown(self, run: Run, found: Sequence[Tensor]) -> list[Tensor]:
        held = {id(p) for lane in run.lanes for p in lane.parameters} | {id(p) for p in run.model.parameters()}
        return [p for p in found if isinstance(p, nn.Parameter) and id(p) not in held]
