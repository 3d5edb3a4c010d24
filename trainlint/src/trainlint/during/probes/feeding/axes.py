"""Does a recurrent net or an attention take the samples of a batch for the steps of a sequence?"""

from collections.abc import Sequence

from torch import Tensor, nn

from ....rules import numbers as rules
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe
from ..sightings import Sightings

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
        rows = {len(c.value) for c in loss.criteria if c.value is not None and c.value.ndim and c.target is not None}
        for name, (steps, samples) in fed.items() if loss.measured and len(rows) == 1 else ():
            if steps in rows and samples not in rows and min(steps, samples) > 1:
                at = run.applied + 1
                yield rules.AXES.found(
                    f"input ({steps}, {samples}, ...) is read as {steps} steps of {samples} samples, and the loss has "
                    f"{steps} samples",
                    subject=name, update=at, stage=self._seen.stage(name, at),
                )  # fmt: skip
