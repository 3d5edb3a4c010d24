"""What is declared of a run, when does a probe look, and which rates would a schedule give?"""

import copy
import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from functools import reduce
from itertools import product
from operator import or_
from typing import NoReturn

from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from ..errors import InputError
from ..findings import Finding, Severity
from ..rules import updates as rules


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


def whys(*reasons: Why) -> dict[tuple[bool, ...], Why]:
    """The sum of reasons for each way in which they may hold, `PLAIN` for one that does not: adding flags is slow."""
    return {
        held: reduce(or_, (why if true else Why.PLAIN for why, true in zip(reasons, held, strict=True)))
        for held in product((False, True), repeat=len(reasons))
    }


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
    """True for eight updates of each doubling from the 64th on: enough to compare batches, seldom enough to pay."""
    return update >= 64 and update % (1 << (update.bit_length() - 4)) == 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the user declares about a run; everything is optional and nothing is guessed from it.

    Args:
        frozen: names of modules (prefixes) that must not move.
        epochs: planned epochs.
        batches: batches per epoch.
        accumulation: backward passes per update.
        rates: expected peak rate by module prefix.
        baseline: loss of an answer that has learned nothing; measured from the targets where it is None and can be.
        guarded: the loop itself refuses an update whose gradient is not finite, and says so with `watch.skipped`; what
            is not finite is then a note until the loop stops.
        partial: updates at the start in which part of the model has no gradient by design, as in a phase of training.
    """

    frozen: tuple[str, ...] = ()
    epochs: int | None = None
    batches: int | None = None
    accumulation: int | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    baseline: float | None = None
    guarded: bool = False
    partial: int = 0

    def is_frozen(self, name: str) -> bool:
        """True where a parameter or module lies under a declared frozen prefix."""
        return any(name == each or name.startswith(each + ".") for each in self.frozen)


LOW = 0.2
"""A cosine or linear decay averages half its peak."""


def outermost(schedulers: Iterable[object]) -> list[object]:
    """The schedules that no other one steps, as `SequentialLR` does with those that it was made of."""
    given = list(schedulers)
    inner = {id(each) for outer in given for each in vars(outer).get("_schedulers", ())}
    return [each for each in given if id(each) not in inner]


def horizon(scheduler: object) -> int | None:
    """The length that a schedule of torch declares, in ticks; None where it declares none."""
    known = vars(scheduler)
    for name in ("total_steps", "T_max", "total_iters"):
        if isinstance(known.get(name), int):
            return known[name]
    return None


def planned_rates(optimizer: Optimizer, scheduler: LRScheduler, ticks: int) -> list[float]:
    """The largest rate of any group at each of the next `ticks` ticks, found by running a copy of the schedule.

    It is constant for a schedule that needs a metric.
    """
    groups = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    stand_in = SGD([{"params": [], "lr": 0.0} for _ in groups], lr=0.0)
    for mine, theirs in zip(stand_in.param_groups, groups, strict=True):
        mine.update(copy.deepcopy(theirs))
    if isinstance(scheduler, ReduceLROnPlateau):
        return [max(float(g["lr"]) for g in groups)] * ticks
    twin = copy.deepcopy(scheduler, {id(optimizer): stand_in})
    planned = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the stand-in takes no steps, and torch would say so
        for _ in range(ticks):
            planned.append(max(float(g["lr"]) for g in stand_in.param_groups))
            twin.step()
    return planned


def rate_plan(optimizer: Optimizer, scheduler: LRScheduler, ticks: int) -> list[Finding]:
    """Findings about the rates that a run of `ticks` ticks would use."""
    planned = planned_rates(optimizer, scheduler, ticks)
    target = max(target_of(group) for group in optimizer.param_groups)
    mean = math.fsum(planned) / max(1, len(planned))
    found = []
    zeros = sum(rate == 0 for rate in planned[:-1])
    if zeros:
        severity = Severity.NOTE if zeros == 1 else Severity.FATAL
        found.append(
            rules.ZERO_RATE.found(f"{zeros} of {ticks} planned ticks at rate 0", severity=severity, zeros=zeros)
        )
    if mean < LOW * target:
        text = f"mean planned rate {mean:.3g} over {ticks} ticks is {mean / target:.0%} of the target {target:.3g}"
        found.append(rules.LOW_RATE.found(text, mean=mean, target=target))
    length = horizon(scheduler)
    if length and ticks * 2 < length:
        share = planned[-1] / target
        text = f"the schedule has {length} ticks and the run {ticks}: it ends at {share:.0%} of the target"
        found.append(rules.SCHEDULE_UNIT.found(text, length=length, ticks=ticks, last=planned[-1]))
    return found


def target_of(group: dict) -> float:
    """The rate that a group is meant to reach."""
    return float(group.get("max_lr", group.get("initial_lr", group["lr"])))
