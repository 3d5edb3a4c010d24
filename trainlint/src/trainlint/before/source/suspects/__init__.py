"""Which lines break a rule: one file for each question, one function for each rule?"""

from collections.abc import Callable, Iterator

from ..training import SourceFinding, Training
from . import (
    batchloops,
    criteria,
    directions,
    evaluations,
    gradientpaths,
    heldout,
    lossinputs,
    members,
    rateschedules,
    runs,
    samples,
    settings,
    upkeep,
)

SUSPECTS: tuple[Callable[[Training], Iterator[SourceFinding]], ...] = tuple(
    check
    for room in (
        batchloops, rateschedules, settings, gradientpaths, members, criteria, directions, lossinputs,
        evaluations, heldout, samples, runs, upkeep,
    )
    for check in room.CHECKS
)  # fmt: skip
