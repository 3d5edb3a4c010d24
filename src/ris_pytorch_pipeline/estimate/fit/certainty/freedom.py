"""How much wider is a ± because the noise variance is estimated? Of few measurements, much."""

import math
from collections.abc import Collection

from ....physics import COORDINATES, Array, Observation, is_mixed, told

_LEAST = 1.0
"""Complex numbers that are taken to be left over at least. Scenes with fewer than 2.5 are `not tested`."""


def widening(observation: Observation, sources: int, known: Collection[str] = ()) -> float:
    """Factor on ± from the Fisher information at σ² = ‖r‖²/(n - a): sqrt((n - a)/(n - a - p/2 - 1)).

    Beside a complex amplitudes and p real coordinates ν = 2 (n - a) - p real numbers are left over. The unbiased
    σ² is ‖r‖²/(n - a - p/2), and errors over it follow Student's t with ν degrees of freedom, of variance ν/(ν - 2).
    ± is the standard deviation of that: intervals of ± by the normal law hold 90.7 % in place of 90 where ν = 7, and
    of many measurements the factor is 1.

    >>> from ris_pytorch_pipeline.data import simulate
    >>> from ris_pytorch_pipeline.physics import preset
    >>> drawn = [preset("pilot", sources=1, antennas=m, snapshots=8) for m in (16, 1)]
    >>> many, few = (simulate(each, 1, seed=0).observation for each in drawn)
    >>> round(widening(many, 1), 2), round(widening(few, 1), 2)
    (1.01, 1.25)

    Args:
        observation: the scenes, with n numbers each.
        sources: in every scene. A pilot has an amplitude at each frequency, a random symbol one in each snapshot.
        known: coordinates that are not estimated.
    """
    coordinates = free_coordinates(observation.array, known) * sources
    spare = (left_over(observation, sources, known) + coordinates) / 2
    return math.sqrt(spare / max(spare - coordinates / 2 - 1, _LEAST)) if spare > 0 else 1.0


def left_over(observation: Observation, sources: int, known: Collection[str] = ()) -> int:
    """ν = 2 (n - a) - p: real numbers that are left over beside amplitudes and coordinates, see `widening`."""
    antennas, blocks = observation.blocks.shape[-1], observation.blocks.shape[-2]
    kinds = observation.symbols if is_mixed(observation.symbols) else (observation.symbols,) * sources
    random = kinds.count("random")
    amplitudes = blocks * min(random, antennas - 1) + observation.array.frequencies * (sources - random)
    return 2 * (blocks * antennas - amplitudes) - free_coordinates(observation.array, known) * sources


def free_coordinates(array: Array, known: Collection[str]) -> int:
    """How many coordinates of a source are estimated: those that the array tells and that are not known."""
    return sum(COORDINATES[c] not in known for c in told(array))
