"""Which terms of the loss count when? Phases of training, as shares of its updates."""

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace

from ..losses import LossWeights
from .optimisation import refuse
from .strict import nearest

TERMS = tuple(vars(LossWeights()))
"""Names of the terms of the loss."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training with weights of its own.

    >>> Phase(name="geometry", share=0.4, weights=(("order", 0.0),)).share
    0.4

    Args:
        name: for the ledger and the watch.
        share: of the run's updates.
        weights: (term, weight) of each term whose weight differs from the experiment's `loss`; a table in TOML.

    Raises:
        ConfigurationError: no name, a share outside (0, 1], or a term that is unknown or named twice.
    """

    name: str = "joint"
    share: float = 1.0
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            refuse("a phase with a name", repr(self.name), "a field left open")
        if not 0 < self.share <= 1:
            refuse(f"a share in (0, 1] for phase {self.name!r}", str(self.share), "a percentage, or a phase left open")
        for term, count in Counter(term for term, _ in self.weights).items():
            if term not in TERMS:
                refuse(f"a term out of {', '.join(TERMS)} in phase {self.name!r}", repr(term), "a misspelt term",
                       nearest(term, list(TERMS)))  # fmt: skip
            if count > 1:
                refuse(f"one weight of {term} in phase {self.name!r}", str(count), "a line copied", "keep one of them")


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Phases in their order; in the last one, the joint phase, the weights are those of the experiment's `loss`.

    >>> from ris_pytorch_pipeline.losses import LossWeights
    >>> geometry = Phase(name="geometry", share=0.4, weights=(("order", 0.0),))
    >>> phases = Phases(stages=(geometry, Phase(share=0.6)))
    >>> phases.begins(updates=100), phases.at(39, updates=100), phases.at(40, updates=100)
    ([0, 40], 0, 1)
    >>> [weights.order for weights in phases.weights(LossWeights(order=0.5))]
    [0.0, 0.5]

    Args:
        stages: whose shares sum to 1; one joint phase unless given.

    Raises:
        ConfigurationError: no phase, a name used twice, shares that do not sum to 1, or a last phase with weights of
            its own.
    """

    stages: tuple[Phase, ...] = (Phase(),)

    def __post_init__(self) -> None:
        names, total = [phase.name for phase in self.stages], math.fsum(phase.share for phase in self.stages)
        if not names:
            refuse("at least one phase", "none", "an empty list", "leave `phases` out for a single joint phase")
        if len(set(names)) < len(names):
            refuse("phases with names of their own", ", ".join(names), "a phase without a name, or one copied",
                   "name each phase once")  # fmt: skip
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            refuse("shares that sum to 1", f"{total:g} for {', '.join(names)}", "no share left for the joint phase, "
                   "or percentages", "give the last phase what the others leave")  # fmt: skip
        if self.stages[-1].weights:
            refuse(f"a last phase with the weights of `loss`, which validation uses; it is {names[-1]!r}",
                   str(dict(self.stages[-1].weights)), "no joint phase at the end, or the weights of `loss` repeated",
                   "set them in `loss`, or add a joint phase")  # fmt: skip

    def begins(self, updates: int) -> list[int]:
        """First update of each phase, ⌈updates · (shares of those before)⌉.

        Args:
            updates: how many the run plans.

        Returns:
            Numbers of updates, from 0; a short run may leave a phase without any.
        """
        shares = [phase.share for phase in self.stages]
        before = (math.fsum(shares[:index]) for index in range(len(shares)))
        return [math.ceil(round(updates * share, 6)) for share in before]  # 10 · (0.1 + 0.2) is 3, not 4

    def at(self, update: int, updates: int) -> int:
        """Number of the phase that an update is in.

        Args:
            update: how many updates have been applied before this one.
            updates: how many the run plans.

        Returns:
            Its index in `stages`.
        """
        return bisect_right(self.begins(updates), update) - 1

    def weights(self, joint: LossWeights) -> list[LossWeights]:
        """Weights of each phase.

        Args:
            joint: weights of the joint phase.

        Returns:
            The same weights, with those that a phase changes.

        Raises:
            ConfigurationError: a negative weight, or a phase without any term.
        """
        return [replace(joint, **dict(phase.weights)) for phase in self.stages]


GEOMETRY_ORDER_JOINT = Phases(
    stages=(
        Phase(name="geometry", share=0.4, weights=(("order", 0.0),)),
        Phase(name="order", share=0.1, weights=tuple((term, 0.0) for term in TERMS if term != "order")),
        Phase(name="joint", share=0.5),
    )
)
"""Geometry without the source count, then the count alone, then all terms jointly."""
