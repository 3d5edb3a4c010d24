"""Which convention explains the data? All of them tried one by one, and compared."""

from collections.abc import Callable
from dataclasses import dataclass

from ....errors import InputError
from ....physics import Observation
from ....shapes import Counts
from ...estimate import Estimate, Estimator, Status
from .other_ways import Convention, conventions

_BETTER = 1.2
"""Evidence over that of the stated convention that makes another one the better one; gauges differ by less than 1 %."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one convention.

    Args:
        name: of the convention.
        explained: mean share of the energy in the span of credible sources; 0 where it cannot even be tried.
        evidence: mean evidence of all sources of a scene against scatter, 2 ΔNLL.
        order: mean number of sources.
        good: share of scenes with a source and without a misfit.
        refused: why it could not be tried; empty where it could.
    """

    name: str
    explained: float
    evidence: float
    order: float
    good: float
    refused: str = ""


def try_conventions(
    observation: Observation, build: Callable[[Observation], Estimator], sources: int | Counts | None = None
) -> list[Trial]:
    """Locate the sources under each convention.

    Args:
        observation: the scenes, as stated.
        build: the estimator for an observation; it has to state a fit.
        sources: K, or None to estimate it under each.

    Returns:
        A trial for each convention, the stated one first.
    """
    return [_trial(way, observation, build, sources) for way in conventions(observation)]


def _trial(
    way: Convention, observation: Observation, build: Callable[[Observation], Estimator], sources: int | Counts | None
) -> Trial:
    try:
        seen = way.change(observation)
        found = build(seen)(seen, sources)
    except InputError as error:
        return Trial(name=way.name, explained=0.0, evidence=0.0, order=0.0, good=0.0, refused=error.cause)
    return _scored(way.name, found)


def _scored(name: str, found: Estimate) -> Trial:
    if found.fit is None:
        raise InputError("an estimator that states a fit", name, "fit=False", "leave fit at True")
    good = [
        int(order) > 0 and Status.MISFIT not in said
        for order, said in zip(found.order.tolist(), found.fit.findings, strict=True)
    ]
    evidence = found.fit.evidence.masked_fill(found.positions[..., 0].isnan(), 0).clamp_min(0).sum(-1)
    return Trial(
        name=name,
        explained=float((found.fit.explained * (found.order > 0)).mean()),
        evidence=float(evidence.mean()),
        order=float(found.order.double().mean()),
        good=sum(good) / len(good),
    )


def better(trials: list[Trial]) -> list[Trial]:
    """Trials that explain clearly more than the stated convention does, best first; those alike are gauges."""
    stated = trials[0]
    ahead = [t for t in trials[1:] if t.evidence > _BETTER * stated.evidence + 20 and t.good >= max(stated.good, 0.5)]
    return sorted(ahead, key=lambda t: -t.evidence)


def explains(trials: list[Trial]) -> bool:
    """Whether the stated convention explains most scenes, and no other one explains clearly more."""
    return trials[0].good >= 0.5 and not better(trials)
