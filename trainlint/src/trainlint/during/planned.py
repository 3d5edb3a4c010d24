"""Which rates would a schedule give over a run, and are they what they should be?"""

import copy
import math
import warnings

from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from ..findings import Finding, Severity
from ..rules import updates as rules

LOW = 0.2
"""A warmed-up cosine or linear decay averages half its peak; a fifth means that the peak was never of use."""


def horizon(scheduler: object) -> int | None:
    """The length that a schedule of torch declares, in ticks; None where it declares none."""
    known = vars(scheduler)
    for name in ("total_steps", "T_max", "total_iters"):
        if isinstance(known.get(name), int):
            return known[name]
    return None


def planned_rates(optimizer: Optimizer, scheduler: LRScheduler, ticks: int) -> list[float]:
    """The largest rate of any group at each of the next `ticks` ticks, found by running a copy of the schedule.

    Args:
        optimizer: the optimiser whose groups the schedule drives; left as it is.
        scheduler: the schedule; left as it is.
        ticks: how far to look.

    Returns:
        One rate per tick; constant for a schedule that needs a metric.
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
    """Findings about the rates that a run of `ticks` ticks would use.

    Args:
        optimizer: the optimiser.
        scheduler: its schedule.
        ticks: how often the loop will call `scheduler.step()`.
    """
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
    """The rate that a group is meant to reach.

    Args:
        group: of an optimiser.
    """
    return float(group.get("max_lr", group.get("initial_lr", group["lr"])))
