"""Which conventions are worth a search? Those whose strongest source gains about as much as under the best one."""

from dataclasses import dataclass

import torch

from ....physics import Observation
from ...estimate import Estimator
from ...ml.maximum_likelihood import MaximumLikelihood
from ...ml.search import add_source
from ...normalise import scale
from ..counting.expected import explained_share
from ..groups import groups_of

_HOPE = 0.5
"""Part of the best convention's gain that the strongest source has to bring, as in `ml/readings.py`."""
_BEST = 8
"""Conventions that are searched at most: the right one, its gauges and mirror images, and a few to spare. Where none is
right all gain alike, and any others would do as well."""


@dataclass(frozen=True, kw_only=True)
class FirstSource:
    """What the strongest source brings under a convention.

    Args:
        gain: nats over no source, mean over the scenes.
        explained: share of the energy in its span, mean over the scenes.
    """

    gain: float
    explained: float


def first_source(observation: Observation, estimator: Estimator) -> FirstSource | None:
    """The strongest source by one scan of the grid, refined; None of an estimator that scans no likelihood.

    Args:
        observation: the scenes under a convention.
        estimator: for them.

    Raises:
        InputError: what the estimator refuses before it searches, such as a wrong unit.
    """
    if not isinstance(estimator, MaximumLikelihood):
        return None
    scaled = scale(observation).observation
    gains, shares = [], []
    for index in torch.arange(len(scaled)).split(estimator.at_a_time(scaled)):
        seen, rows = scaled[index], torch.arange(len(index))
        likelihood = estimator.likelihood(seen)
        nothing = likelihood.nothing(rows)
        found = add_source(likelihood, rows, nothing, estimator.effort)
        gains.append(nothing.value - found.value)
        shares.append(explained_share(groups_of(seen, estimator.region.reported(found.cosines, seen.array))))
    return FirstSource(gain=float(torch.cat(gains).mean()), explained=float(torch.cat(shares).mean()))


def left_out(firsts: list[FirstSource | None]) -> list[bool]:
    """Which conventions are not to be searched: all but the stated one, those without a scan, and the best.

    >>> gains = [FirstSource(gain=gain, explained=0.1) for gain in (30.0, 900.0, 20.0, 890.0)]
    >>> left_out([*gains, None])
    [False, False, True, False, False]

    Args:
        firsts: of each convention, the stated one first.
    """
    ranked = sorted((first.gain for first in firsts if first is not None), reverse=True)
    least = max(_HOPE * ranked[0], ranked[min(_BEST, len(ranked)) - 1]) if ranked else 0.0
    return [row > 0 and first is not None and first.gain < least for row, first in enumerate(firsts)]
