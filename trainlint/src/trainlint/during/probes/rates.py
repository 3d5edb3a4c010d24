"""Are the rates what they should be, and does the schedule tick with the updates?"""

import copy
import math
import warnings
from collections.abc import Sequence

from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from ...findings import Finding, Severity
from ...rules import updates as rules
from ..meter import nonfinite
from ..run import Epoch, Lane, Run, Step
from .probe import Found, Probe

_LOW = 0.2
"""A warmed-up cosine or linear decay averages half its peak; a fifth means that the peak was never of use."""


class Rates(Probe):
    """Learning rates before each step: zero, or far below the target."""

    def __init__(self) -> None:
        self._zero: dict[int, int] = {}
        self._group: dict[tuple[int, int], int] = {}
        self._peak: dict[int, float] = {}

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Zero for one update is a wasted one; for two in a row it is a schedule that stands still."""
        key = id(lane)
        self._peak[key] = max(self._peak.get(key, 0.0), *step.rates)
        if any(step.rates):
            self._zero[key] = 0
            yield from self._groups(run, lane, step)
            return
        self._zero[key] = self._zero.get(key, 0) + 1
        severity = Severity.FATAL if self._zero[key] > 1 else Severity.NOTE
        yield rules.ZERO_RATE.found(
            f"rates {list(step.rates)} in {self._zero[key]} update(s) in a row",
            severity=severity, update=step.index, updates=self._zero[key],
        )  # fmt: skip

    def _groups(self, run: Run, lane: Lane, step: Step) -> Found:
        for index, rate in enumerate(step.rates):
            key = (id(lane), index)
            self._group[key] = 0 if rate else self._group.get(key, 0) + 1
            if self._group[key] != 3:
                continue
            held = [lane.names[p] for p in lane.optimizer.param_groups[index]["params"] if p in lane.names]
            if not all(run.plan.is_frozen(name) for name in held):
                yield rules.ZERO_GROUP_RATE.found(
                    f"rates {list(step.rates)} in 3 updates in a row", subject=f"group {index}", update=step.index
                )

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """After three epochs the rate must have come within reach of its target."""
        if epoch.index != 3 or not run.schedulers:
            return
        for lane in run.lanes:
            target, peak = _target(lane), self._peak.get(id(lane), 0.0)
            if 0 < peak < _LOW * target:
                yield rules.LOW_RATE.found(
                    f"highest rate {peak:.3g} in {lane.applied} updates over 3 epochs, target {target:.3g}",
                    update=lane.applied, peak=peak, target=target,
                )  # fmt: skip


class Ticks(Probe):
    """Schedule ticks against applied updates."""

    def __init__(self) -> None:
        self._at = -1
        self._idle = 0
        self._skips = 0
        self._used: list[float] = []

    def ticked(self, run: Run) -> Found:
        """A tick needs an update since the last tick; a few initial skips of a scaler are forgiven."""
        applied, skipped = run.applied, run.skipped
        idle = applied == max(self._at, 0) and not (self._at == -1 and applied)
        if idle:
            self._idle += 1
            refused = any(nonfinite(lane.arrived) for lane in run.lanes)  # by a scaler that was not handed over
            ordered = skipped == self._skips and not refused
            # A scaler that starts at 2^16 needs up to 16 skips to settle.
            many = self._idle > 20 and self._idle > 0.05 * run.ticks
            if (ordered and self._idle > len(run.schedulers) - 1) or many:
                yield rules.TICK_WITHOUT_UPDATE.found(
                    f"{self._idle} of {run.ticks} ticks without an update between them; "
                    f"{applied} updates, {skipped} skipped",
                    update=applied, ticks=run.ticks, idle=self._idle, applied=applied,
                )  # fmt: skip
        if not idle or len(run.schedulers) <= 1:
            self._at, self._skips = applied, skipped

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Remember the rates of the epoch."""
        self._used.append(max(step.rates))
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Compare the schedule's own length with the way it is stepped."""
        used, self._used = self._used, []
        if not used or not epoch.ticks:
            return
        for scheduler in run.schedulers:
            yield from self._unit(run, epoch, scheduler, used)

    def _unit(self, run: Run, epoch: Epoch, scheduler: object, used: Sequence[float]) -> Found:
        length = horizon(scheduler)
        epochs = run.plan.epochs
        per_epoch = epoch.ticks <= len(run.schedulers) and epoch.applied > 4
        # Longer than the whole run in epochs, and within a factor of two of the run in updates.
        if length and epochs and per_epoch and length > 2 * epochs and length > 0.5 * epochs * epoch.applied:
            yield rules.SCHEDULE_UNIT.found(
                f"schedule of {length} ticks, {epochs} epochs planned, {epoch.ticks} tick(s) an epoch of "
                f"{epoch.applied} updates: it ends at {epochs / length:.0%} of its length",
                length=length, ticks=epoch.ticks, applied=epoch.applied,
            )  # fmt: skip
        if epoch.index != 1 or per_epoch or epoch.ticks < 5:
            return
        if length and epochs and epochs > 1 and epoch.ticks > length:
            yield rules.SCHEDULE_UNIT.found(
                f"schedule of {length} ticks used up in epoch 1, which ticked {epoch.ticks} times",
                length=length, ticks=epoch.ticks,
            )  # fmt: skip
        late = max(used[-max(1, len(used) // 4) :])
        # A warm restart or a cosine over one epoch still uses over 10 % of its peak in the last quarter.
        if max(used) > 0 and late < 0.01 * max(used):
            yield rules.SCHEDULE_UNIT.found(
                f"rate fell from {max(used):.3g} to {late:.3g} within epoch 1 ({epoch.ticks} ticks)",
                late=late, peak=max(used), ticks=epoch.ticks,
            )  # fmt: skip


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
    target = max(_base(group) for group in optimizer.param_groups)
    mean = math.fsum(planned) / max(1, len(planned))
    found = []
    zeros = sum(rate == 0 for rate in planned[:-1])
    if zeros:
        severity = Severity.NOTE if zeros == 1 else Severity.FATAL
        found.append(
            rules.ZERO_RATE.found(f"{zeros} of {ticks} planned ticks at rate 0", severity=severity, zeros=zeros)
        )
    if mean < _LOW * target:
        text = f"mean planned rate {mean:.3g} over {ticks} ticks is {mean / target:.0%} of the target {target:.3g}"
        found.append(rules.LOW_RATE.found(text, mean=mean, target=target))
    length = horizon(scheduler)
    if length and ticks * 2 < length:
        share = planned[-1] / target
        text = f"the schedule has {length} ticks and the run {ticks}: it ends at {share:.0%} of the target"
        found.append(rules.SCHEDULE_UNIT.found(text, length=length, ticks=ticks, last=planned[-1]))
    return found


def _base(group: dict) -> float:
    return float(group.get("max_lr", group.get("initial_lr", group["lr"])))


def _target(lane: Lane) -> float:
    return max(_base(group) for group in lane.optimizer.param_groups)
