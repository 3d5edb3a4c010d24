"""When a probe looks: updates 1-3, then powers of two, the first of each epoch, and closer after a smell."""

from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import NoReturn

from ..errors import InputError


class Why(Flag):
    """Why is a probe told of a loss or of an update? Most of them are plain, and nobody needs to hear of those."""

    PLAIN = auto()
    """Nothing is special about it."""
    MEASURED = auto()
    """The schedule asks for the dear looks."""
    GLANCE = auto()
    """A batch is worth a cheap look at its targets."""
    ODD = auto()
    """A loss that is not finite, or without a graph, of half precision or with terms; an update unlike the usual."""
    RATES = auto()
    """An update whose rates are not those of the one before, or zero."""
    ALWAYS = PLAIN | MEASURED | GLANCE | ODD | RATES


class Preset(StrEnum):
    """How much a watch may cost."""

    LIGHT = "light"
    FULL = "full"
    TRACE = "trace"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise InputError(f"a preset out of {', '.join(cls)}", repr(value), "a misspelt name", "pick one of them")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Which updates are measured.

    Args:
        every: measure every so many updates; 0 leaves only the first three, powers of two and epochs' first.
    """

    every: int = 0

    def due(self, update: int) -> bool:
        """True where the update (from 1) is to be measured."""
        return update <= 3 or update & (update - 1) == 0 or (self.every > 0 and update % self.every == 0)


SCHEDULES = {Preset.LIGHT: Schedule(), Preset.FULL: Schedule(every=16), Preset.TRACE: Schedule(every=1)}
"""The schedule of each preset."""


def glance(update: int) -> bool:
    """True for eight updates of each doubling from the 64th on: often enough to compare batches, seldom enough to pay.

    Args:
        update: from 1.
    """
    return update >= 64 and update % (1 << (update.bit_length() - 4)) == 0
