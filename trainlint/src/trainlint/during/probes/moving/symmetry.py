"""Can the weights become different from each other, and which are frozen without a word?"""

from torch import Tensor

from ....findings import Finding, Stage
from ....rules import updates
from ...run import Lane, Run, Step, some
from ...schedule import Why
from ...weights.names import parameters
from ...weights.samples import sample
from ..probe import Found, Probe

_LOOKED = 6
"""Measured updates after which units that were equal have become different, if they can."""


class Weights(Probe):
    """Matrices of equal entries: do their units stay equal? Undeclared freezes are noted."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._same: list[str] = []
        self._matrices = 0
        self._measured = 0

    def attached(self, run: Run) -> Found:
        """Look once, before the first update."""
        named = parameters(run.model)
        matrices = {n: p for n, p in named.items() if p.ndim >= 2 and min(p.shape[:2]) > 1 and p.requires_grad}
        same = [n for n, p in matrices.items() if bool((sample(p) == sample(p)[0]).all()) and _flat(p)]
        # A zero-initialised head or residual branch is a common choice; every matrix zero is not.
        zeros = [n for n in same if not bool(named[n].flatten()[0])]
        self._same = same if len(zeros) == len(matrices) else [n for n in same if n not in zeros]
        self._matrices = len(matrices)
        if self._same:
            yield self._found(self._same, "have equal entries", Stage.SUSPECTED)
        frozen = [n for n, p in named.items() if not p.requires_grad and not run.plan.is_frozen(n)]
        if frozen:
            yield updates.FROZEN_UNDECLARED.found(f"{len(frozen)} of {len(named)} tensors: {some(frozen)}")

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """One layer from equal entries learns different rows at once; units between two such layers stay equal."""
        if not self._same or not step.measured:
            return
        self._measured += 1
        if self._measured not in {3, _LOOKED}:
            return
        named = parameters(run.model)
        same = [n for n in self._same if n in named and _units_equal(named[n])]
        if not same:
            self._same = []
            yield updates.SAME_WEIGHTS.withdrawn(f"rows and columns differ after update {step.index}")
        elif self._measured == _LOOKED:
            yield self._found(same, f"have equal units still after {step.index} updates", Stage.CONFIRMED)

    def _found(self, names: list[str], text: str, stage: Stage) -> Finding:
        evidence = f"{len(names)} of {self._matrices} matrices {text}: {some(names)}"
        return updates.SAME_WEIGHTS.found(evidence, stage=stage)


def _flat(matrix: Tensor) -> bool:
    return bool((matrix == matrix.flatten()[0]).all())


def _units_equal(matrix: Tensor) -> bool:
    """True where all rows, or all columns, are the same."""
    own = matrix.detach().flatten(1)
    return bool((own == own[:1]).all()) or bool((own == own[:, :1]).all())
