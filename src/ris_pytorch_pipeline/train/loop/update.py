"""What did one attempt to update the weights do? An outcome with its measurements."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Outcome(Enum):
    """How an attempt ended; the values are the sentences a user reads.

    >>> [outcome.value for outcome in Outcome if outcome.applied]
    ['applied']
    >>> Outcome.NOT_FINITE.value
    'skipped: a gradient is not finite'
    """

    APPLIED = "applied"
    NOT_FINITE = "skipped: a gradient is not finite"
    ZERO = "skipped: every gradient is exactly zero"
    UNTOUCHED = "failed: the optimizer was called and wrote to no weight"
    UNMOVED = "failed: the optimizer wrote to the weights and none changed its value"
    DECAY_ONLY = "failed: the weights moved by weight decay alone"

    @property
    def applied(self) -> bool:
        """Whether the weights moved."""
        return self is Outcome.APPLIED


@dataclass(frozen=True, kw_only=True)
class Motion:
    """How far the weights moved in one update, measured on their values.

    >>> motion = Motion(total=0.02, groups={"backbone": 0.016, "head": 0.012}, relative=1e-3, beyond_decay=0.0199)
    >>> f"{motion.relative:.1%} of the weights' norm"
    "0.1% of the weights' norm"

    Args:
        total: ‖Δ‖₂ over all parameters.
        groups: the same by group.
        relative: ‖Δ‖₂ / ‖p‖₂.
        beyond_decay: ‖Δ + η λ p‖₂, what weight decay λ at rate η does not explain.
    """

    total: float
    groups: dict[str, float]
    relative: float
    beyond_decay: float


@dataclass(frozen=True, kw_only=True)
class Update:
    """One attempt to update the weights.

    >>> import math
    >>> update = Update(
    ...     attempt=7, applied=6, batch=7, samples=32, outcome=Outcome.NOT_FINITE, loss=0.8, terms={"heat": 0.8},
    ...     norm=math.nan, norms={"head": math.nan}, rates={"head": 1e-3}, motion=None, offenders=("head.bias",),
    ... )
    >>> update.ok, update.outcome.value + update.blamed
    (False, 'skipped: a gradient is not finite in head.bias')
    >>> update.to_plain()["outcome"], update.to_plain()["offenders"]  # as a ledger keeps it
    ('skipped: a gradient is not finite', ['head.bias'])

    Args:
        attempt: its number in the run, from 1.
        applied: updates applied so far, this one included.
        batch: batches seen so far.
        samples: scenes in this attempt.
        outcome: how it ended.
        loss: mean loss over its scenes.
        terms: the weighted terms that the loss is the sum of.
        norm: ‖g‖₂ over all groups, before clipping.
        norms: the same by group.
        rates: by group.
        motion: measured Δparam; None where this attempt was not measured or the optimizer was not called.
        offenders: parameters whose gradient is not finite.
        spoilers: processes whose share of it is not finite; none of a run in one process.
    """

    attempt: int
    applied: int
    batch: int
    samples: int
    outcome: Outcome
    loss: float
    terms: dict[str, float]
    norm: float
    norms: dict[str, float]
    rates: dict[str, float]
    motion: Motion | None
    offenders: tuple[str, ...] = ()
    spoilers: tuple[int, ...] = ()

    @property
    def blamed(self) -> str:
        """The parameters whose gradient is not finite, three at most, and the processes it comes from; or nothing."""
        names = ", ".join(self.offenders[:3])
        processes = f", from process {' and '.join(map(str, self.spoilers))}" if self.spoilers else ""
        return f" in {names}{processes}" if names else ""

    @property
    def ok(self) -> bool:
        """Whether the weights moved."""
        return self.outcome.applied

    def to_plain(self) -> dict[str, Any]:
        """For the ledger."""
        motion = None if self.motion is None else vars(self.motion)
        return {
            **vars(self),
            "outcome": self.outcome.value,
            "motion": motion,
            "offenders": list(self.offenders),
            "spoilers": list(self.spoilers),
        }
