"""Does another usual reading of the same numbers explain a scene with as many sources or fewer?

With conjugates missing or elements in another order, one source shows as many wrong ones: a pilot through a panel whose
rows were read as columns as four to eight, each of them far above any threshold. Of data made with a Fresnel wave a
near one shows as two or three.
"""

from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from ...physics import Observation
from ...shapes import Counts, Positions
from ..fit.meaning.other_ways import Convention, conjugates, orders, wavefronts
from ..normalise import Scaled
from .hypothesis import Hypothesis, Likelihood
from .search import Found, SearchEffort, add_source

_MOST = 3
"""Sources that are sought in another reading: the right one needs few."""
_TOLERANCE = 1e-2
_HOPE = 0.5
"""Part of the gain of the strongest source as stated that the strongest one of another reading has to bring."""
_SOME = 32
"""Elements whose distances to all others tell whether another order is the array itself, turned or mirrored."""
L = TypeVar("L", bound=Likelihood)


@runtime_checkable
class Reader(Protocol[L]):
    """What is needed of an estimator."""

    @property
    def effort(self) -> SearchEffort:
        """How hard to search."""
        ...

    def likelihood(self, scaled: Observation) -> L:
        """The likelihood of scaled scenes."""
        ...

    def start(self, likelihood: L, positions: Positions) -> Found:
        """All scenes of a likelihood at given positions."""
        ...


def better_readings(
    reader: Reader[L],
    scaled: Scaled,
    positions: Positions,
    counts: Counts,
    *,
    threshold: float,
    conjugated: bool = True,
) -> list[str]:
    """The reading that explains each scene best, where it explains more than the stated one with its sources does.

    Args:
        reader: the estimator.
        scaled: the scenes.
        positions: (scene, source, 3), what was found as stated; NaN in empty slots.
        counts: (scene,), how many sources that is.
        threshold: τ; with as many sources the other reading has to gain as much.
        conjugated: whether conjugates and Fresnel waves are tried besides the orders of the elements.

    Returns:
        Names of readings, empty where none is better.
    """
    ways = _other_orders(scaled.observation)
    if conjugated:
        ways += conjugates(scaled.observation) + wavefronts(scaled.observation.array)
    names = [""] * len(counts)
    for order in counts.unique().tolist():
        rows = torch.nonzero(counts == order).squeeze(-1)
        start = torch.stack([p[~p[:, 0].isnan()] for p in positions[rows]]).double()
        found = _of_equal_order(reader, scaled[rows].observation, start, threshold, ways)
        for row, name in zip(rows.tolist(), found, strict=True):
            names[row] = name
    return names


def _other_orders(observation: Observation) -> list[Convention]:
    """Orders of the elements but for those that only turn or mirror the array, as the columns of a square first do."""
    stated = observation.array.placed
    some = torch.arange(min(len(stated), _SOME))
    apart = torch.cdist(stated[some], stated)
    return [
        way
        for way in orders(observation.array)
        if not torch.allclose(torch.cdist(*_ends(way, observation, some)), apart, atol=1e-6)
    ]


def _ends(way: Convention, observation: Observation, some: Tensor) -> tuple[Tensor, Tensor]:
    placed = way.change(observation).array.placed
    return placed[some], placed


def _of_equal_order(
    reader: Reader[L], observation: Observation, positions: Positions, threshold: float, ways: list[Convention]
) -> list[str]:
    """The same for scenes with as many sources."""
    order = positions.shape[1]
    if not ways:
        return [""] * len(observation)
    likelihood = reader.likelihood(observation)
    stated = reader.start(likelihood, positions)
    best = _settled(likelihood, stated.hypothesis, reader).value
    sources = min(order, _MOST)
    best = best - (threshold / 2 if sources == order else 0.0)
    names = [""] * len(observation)
    first = _HOPE * _first(reader, likelihood)[1]
    for way in ways:
        other = reader.likelihood(way.change(observation))
        start, gain = _first(reader, other)
        if not bool((gain > first).any()):
            continue
        value = _greedy(reader, other, start, sources).value
        for row in torch.nonzero(value < best).flatten().tolist():
            names[row] = way.name
        best = torch.minimum(best, value)
    return names


def _first(reader: Reader[L], likelihood: L) -> tuple[Hypothesis, Tensor]:
    """The strongest source of each scene, and the nats that it gains."""
    rows = torch.arange(len(likelihood.observation), device=likelihood.observation.measurements.device)
    nothing = likelihood.nothing(rows)
    found = add_source(likelihood, rows, nothing, reader.effort)
    return found, nothing.value - found.value


def _greedy(reader: Reader[L], likelihood: L, first: Hypothesis, sources: int) -> Hypothesis:
    """Further sources added one by one."""
    rows, found = torch.arange(len(first.value), device=first.value.device), first
    for _ in range(sources - 1):
        found = add_source(likelihood, rows, found, reader.effort)
    return _settled(likelihood, found, reader)


def _settled(likelihood: L, given: Hypothesis, reader: Reader[L]) -> Hypothesis:
    rows = torch.arange(len(given.value), device=given.value.device)
    return likelihood.refine(rows, given, iterations=reader.effort.settle_iterations, tolerance=_TOLERANCE)
