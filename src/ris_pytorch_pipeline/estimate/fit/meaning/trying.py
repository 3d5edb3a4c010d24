"""Which convention explains the data? One scan of each, a search of those that are worth it, and a comparison."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ....errors import InputError
from ....physics import Observation
from ....shapes import Counts
from ...estimate import Estimate, Estimator, Status
from .first_source import FirstSource, first_source, left_out
from .other_ways import NOISE_ESTIMATED, Convention, conventions

Builder = Callable[[Observation], Estimator]
"""The estimator for an observation; it has to state a fit."""
WIDER = "wider field"
"""Name of the trial of the stated convention in a wider field."""

_BETTER = 1.2
"""Evidence over that of the stated convention that makes another one the better one; gauges differ by less than 1 %."""
_MOST = 0.5
"""Share of the scenes that are most of them."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one convention.

    >>> stated = Trial(name="as stated", explained=0.2, evidence=30.0, order=1.0, good=0.0)
    >>> conjugated = Trial(name="codes conjugated", explained=0.95, evidence=900.0, order=1.0, good=1.0)
    >>> [trial.name for trial in better([stated, conjugated])], explains([stated, conjugated])
    (['codes conjugated'], False)

    Args:
        name: of the convention.
        explained: mean share of the energy in the span of credible sources; 0 where it cannot even be tried.
        evidence: mean evidence of all sources of a scene against scatter, 2 ΔNLL.
        order: mean number of sources.
        good: share of scenes with sources that stand out, and without a misfit.
        edge: share of scenes with a source on the border of the field.
        places: (azimuth, elevation, distance) of the sources of the first scene that has some, radians and metres.
        refused: why it could not be tried; empty where it could.
        searched: False where the strongest source alone showed that it is not this one: then `explained` is what that
            source explains, and nothing else was asked.
    """

    name: str
    explained: float
    evidence: float
    order: float
    good: float
    edge: float = 0.0
    places: tuple[tuple[float, float, float], ...] = ()
    refused: str = ""
    searched: bool = True


def try_conventions(
    observation: Observation, build: Builder, sources: int | Counts | None = None, wider: Builder | None = None
) -> list[Trial]:
    """Locate the sources under each convention that is worth it, and in a wider field where they do not fit.

    Under the right convention one source explains much, and under a wrong one little. So the strongest one is sought
    under each by one scan. Where it gains less than half of what it gains under the best convention, or where eight
    others gain more, the sources are not searched. The stated convention always is, and so is another kind of symbols,
    whose gain is of another likelihood.

    >>> from dataclasses import replace
    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1)
    >>> seen = ris.simulate(scenario, scenes=1, seed=0).observation
    >>> wrong = replace(seen, array=ris.Points(1000 * seen.elements, 0.3))  # millimetres
    >>> trials = try_conventions(wrong, lambda seen: ris.PilotMl(), sources=1)
    >>> trials[0].refused, better(trials)[0].name
    ('elements in millimetres in place of metres', 'elements in millimetres')

    Args:
        observation: the scenes, as stated.
        build: the estimator for an observation; it has to state a fit.
        sources: K, or None to estimate it under each.
        wider: the same in a wider field; None where there is none.

    Returns:
        A trial for each convention, the stated one first.
    """
    ways = conventions(observation)
    firsts = [_first(way, observation, build) for way in ways]
    trials = [
        _left_out(way, first) if out else _trial(way, observation, build, sources)
        for way, first, out in zip(ways, firsts, left_out(firsts), strict=True)
    ]
    outside = trials[0].edge > 0 or trials[0].good < _MOST
    if wider is not None and outside and not trials[0].refused:
        stated = Convention(name=WIDER, change=lambda seen: seen)
        trials.append(_trial(stated, observation, wider, sources))
    return trials


def _first(way: Convention, observation: Observation, build: Builder) -> FirstSource | None:
    """What one scan shows of a convention; None where only a search tells, or says why it is refused."""
    try:
        seen = way.change(observation)
        return first_source(seen, build(seen)) if seen.symbols == observation.symbols else None
    except InputError:
        return None


def _left_out(way: Convention, first: FirstSource | None) -> Trial:
    """Of a convention that is not worth a search."""
    explained = 0.0 if first is None else first.explained
    return Trial(name=way.name, explained=explained, evidence=0.0, order=0.0, good=0.0, searched=False)


def _trial(way: Convention, observation: Observation, build: Builder, sources: int | Counts | None) -> Trial:
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
        int(order) > 0 and not {Status.MISFIT, Status.WEAK} & set(said)
        for order, said in zip(found.order.tolist(), found.fit.findings, strict=True)
    ]
    evidence = found.fit.evidence.masked_fill(found.positions[..., 0].isnan(), 0).clamp_min(0).sum(-1)
    return Trial(
        name=name,
        explained=float((found.fit.explained * (found.order > 0)).mean()),
        evidence=float(evidence.mean()),
        order=float(found.order.double().mean()),
        good=sum(good) / len(good),
        edge=sum(Status.EDGE in said for said in found.fit.findings) / len(good),
        places=_places(found),
    )


def _places(found: Estimate) -> tuple[tuple[float, float, float], ...]:
    """Where the sources of the first scene with some are."""
    rows = torch.nonzero(found.order > 0).flatten().tolist()
    if not rows:
        return ()
    azimuth, elevation, distance = found.positions[rows[0], : int(found.order[rows[0]])].T.tolist()
    return tuple(zip(azimuth, elevation, distance, strict=True))


def better(trials: list[Trial]) -> list[Trial]:
    """Trials that explain clearly more than the stated convention does, best first; those alike are gauges.

    Where the stated one explains few scenes, one with more evidence that explains all, or most of them more, is better
    too: the exact wave fits data of a Fresnel one nearly as well, and leaves what is no noise. That half of two scenes
    look like noise under one of twenty readings is chance. Evidence in units of a stated noise is no measure of one
    that is estimated.

    >>> stated = Trial(name="as stated", explained=0.9, evidence=800.0, order=1.0, good=1.0)
    >>> gauge = Trial(name="all three conjugated", explained=0.9, evidence=800.0, order=1.0, good=1.0)
    >>> better([stated, gauge])  # as good, so not better
    []
    """
    stated = trials[0]
    clearly = _BETTER * stated.evidence + 20
    ahead = [
        t
        for t in trials[1:]
        if (t.evidence > clearly and t.good >= max(stated.good, _MOST))
        or (
            stated.good < _MOST
            and (t.good == 1 or t.good > stated.good + _MOST)
            and (t.evidence > stated.evidence or t.name == NOISE_ESTIMATED)
        )
    ]
    return sorted(ahead, key=lambda t: -t.evidence)


def explains(trials: list[Trial]) -> bool:
    """Whether the stated convention explains most scenes, and no other one explains clearly more.

    >>> stated = Trial(name="as stated", explained=0.9, evidence=800.0, order=1.0, good=1.0)
    >>> explains([stated])  # no other one explains more
    True
    """
    return trials[0].good >= _MOST and not better(trials)
