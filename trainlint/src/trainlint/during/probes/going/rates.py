"""Are the rates what they should be, and does the schedule tick with the updates?"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ....findings import Finding, Rule, Severity, Stage
from ....rules import updates as rules
from ...plan import LOW, Why, horizon, target_of
from ...run import Epoch, Lane, Run, Step
from ...weights.names import nonfinite
from ..probe import Found, Probe

_SPENT = 1e-6
"""Share of the peak at which a rate is as good as zero."""
_KEPT = 4096
_GIVEN = replace(
    rules.ZERO_RATE, cause="The optimiser was made with the rate 0, and no schedule gives it another one.",
    move="Give the optimiser a rate, often 1e-3 for Adam and 1e-1 for SGD.",
)  # fmt: skip
_BY_LOOP = replace(
    rules.ZERO_RATE, cause="The loop itself wrote the rate 0 into the optimiser's groups.",
    move="Print the rate that the loop computes for its first updates.",
)  # fmt: skip


class Rates(Probe):
    """Learning rates before each step: zero, or far below the target."""

    updates = Why.MEASURED | Why.RATES

    def __init__(self) -> None:
        self._zero: Counter[int] = Counter()
        self._group: Counter[tuple[int, int]] = Counter()
        self._released: set[tuple[int, int]] = set()
        self._peak: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._spent: dict[int, int | None] = {}
        self._rising: dict[int, bool] = {}

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Zero for one update is a wasted one; from the start and for four it is a schedule that stands still."""
        key, top = id(lane), max((r for r in step.rates if not math.isnan(r)), default=math.nan)
        self._rising[key] = top > self._last.get(key, math.inf) or (
            self._rising.get(key, False) and top == self._last[key]
        )
        self._last[key] = top
        self._peak[key] = max(self._peak.get(key, 0.0), 0.0 if math.isnan(top) else top)
        spent = 0 < self._peak[key] and top <= _SPENT * self._peak[key]
        self._spent[key] = (self._spent.get(key) or step.index) if spent else None
        if any(step.rates):
            self._zero[key] = 0
            yield from self._groups(run, lane, step)
            return
        self._zero[key] += 1
        if self._peak[key] == 0 and not any(step.moved.values()):
            yield self._still(run, lane, step)

    def _still(self, run: Run, lane: Lane, step: Step) -> Finding:
        count = self._zero[id(lane)]
        alone = len(run.lanes) == 1 or not any(self._peak.values())  # a lane may wait for its phase
        severity = Severity.NOTE if count == 1 else Severity.FATAL if count > 3 and alone else Severity.WARNING
        return _cause(run, lane).found(
            f"rates {list(step.rates)} in {count} update(s) in a row, from the start",
            subject=lane.subject, severity=severity, update=step.index, updates=count,
        )  # fmt: skip

    def _groups(self, run: Run, lane: Lane, step: Step) -> Found:
        for index, rate in enumerate(step.rates):
            key = (id(lane), index)
            self._group[key] = 0 if rate else self._group[key] + 1
            if rate and key not in self._released:
                self._released.add(key)
                yield rules.ZERO_GROUP_RATE.withdrawn(f"rate {rate:.3g} since then", subject=_group(lane, index))
            elif self._group[key] == 3:
                yield from self._waits(run, lane, index, Stage.SUSPECTED)

    def _waits(self, run: Run, lane: Lane, index: int, stage: Stage) -> Found:
        held = [lane.names[p] for p in lane.optimizer.param_groups[index]["params"] if p in lane.names]
        if held and not all(run.plan.is_frozen(name) for name in held):
            yield rules.ZERO_GROUP_RATE.found(
                f"rates {list(lane.rates)} in {self._group[id(lane), index]} updates in a row",
                subject=_group(lane, index), update=lane.applied, stage=stage,
            )  # fmt: skip

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """After three epochs the rate must have come within reach of its target, or still be on its way."""
        if epoch.index >= 3:
            yield from self._low(run, Stage.SUSPECTED)

    def _low(self, run: Run, stage: Stage) -> Found:
        for lane in run.lanes if run.schedulers else ():
            target, peak = max(map(target_of, lane.optimizer.param_groups)), self._peak.get(id(lane), 0.0)
            if not 0 < peak < LOW * target:
                yield rules.LOW_RATE.withdrawn(f"the rate reached {peak:.3g}", subject=lane.subject)
            elif not (self._rising.get(id(lane)) and run.improving):
                yield rules.LOW_RATE.found(
                    f"highest rate {peak:.3g} in {lane.applied} updates, {len(run.epochs)} epochs; target {target:.3g}",
                    subject=lane.subject, update=lane.applied, stage=stage, peak=peak, target=target,
                )  # fmt: skip

    def asked(self, run: Run) -> Found:
        """What is zero or low at the end, and was so all along."""
        for lane in run.lanes:
            for index in range(len(lane.optimizer.param_groups)):
                key = (id(lane), index)
                if key not in self._released and self._group[key] >= 3:
                    yield from self._waits(run, lane, index, Stage.CONFIRMED)
            yield from self._used_up(lane)
        if len(run.epochs) >= 3:
            yield from self._low(run, Stage.CONFIRMED)

    def _used_up(self, lane: Lane) -> Found:
        since = self._spent.get(id(lane))
        count = 0 if since is None else lane.applied - since + 1
        if count >= 3:
            much = count >= max(20, 0.1 * lane.applied)
            yield rules.ZERO_RATE.found(
                f"the last {count} of {lane.applied} updates had rates of at most {_SPENT:g} of the peak "
                f"{self._peak[id(lane)]:.3g}",
                subject=lane.subject, severity=Severity.WARNING if much else Severity.NOTE, updates=count,
            )  # fmt: skip


def _cause(run: Run, lane: Lane) -> Rule:
    if run.schedulers and any(target_of(group) for group in lane.optimizer.param_groups):
        return rules.ZERO_RATE
    return _BY_LOOP if lane.optimizer.defaults.get("lr") else _GIVEN


def _group(lane: Lane, index: int) -> str:
    return f"{lane.subject}, group {index}".removeprefix(", ")


class Ticks(Probe):
    """Schedule ticks against applied updates."""

    updates = Why.MEASURED | Why.RATES

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int]] = {}
        self._idle = self._skips = 0
        self._perhaps, self._since = 0, 0
        self._used: dict[int, list[tuple[int, float]]] = {}
        self._moved: set[int] = set()

    def ticked(self, run: Run) -> Found:
        """A tick needs an update since its schedule's last, a few initial skips of a scaler, or a filling window."""
        if run.ticks == 1:
            yield rules.NEVER_TICKED.withdrawn("it was stepped since")
        applied, key = run.applied, id(run.ticked)
        at, self._skips = self._last.get(key, (0, 0))
        idle = applied == at
        if idle and any(lane.pending for lane in run.lanes):
            # The window fills, or its gradients are about to be thrown away.
            self._perhaps, self._since = (self._perhaps if self._since == applied else 0) + 1, applied
            return
        if idle:
            self._idle += 1
            yield from self._judge(run)
        self._last[key] = applied, run.skipped

    def _judge(self, run: Run) -> Found:
        applied, skipped = run.applied, run.skipped
        refused = any(nonfinite(lane.arrived) for lane in run.lanes)  # by a scaler that was not handed over
        ordered = skipped == self._skips and not refused
        # A scaler that starts at 2^16 needs up to 16 skips to settle.
        many = self._idle > 20 and self._idle > 0.05 * run.ticks
        if (ordered and self._idle > len(run.schedulers) - 1) or many:
            yield rules.TICK_WITHOUT_UPDATE.found(
                f"{self._idle} of {run.ticks} ticks without an update in between; {applied} updates, {skipped} skipped",
                update=applied, ticks=run.ticks, idle=self._idle, applied=applied,
                stage=Stage.of(self._idle > max(1, len(run.schedulers))),  # one each before the first update
            )  # fmt: skip

    def cleared(self, run: Run, lane: Lane) -> Found:
        """The window that a tick stood in was thrown away."""
        perhaps, self._perhaps = self._perhaps, 0
        if perhaps and self._since == run.applied:
            self._idle += perhaps
            yield from self._judge(run)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Remember the rates of the epoch, each from its update on; of very many changes every other one."""
        kept = self._used.setdefault(id(lane), [])
        self._moved |= {id(lane.optimizer)} if kept and max(step.rates) != kept[-1][1] else set()
        kept.append((lane.applied, max(step.rates)))
        if len(kept) > _KEPT:
            kept[:] = [(at, max(pair, after)) for (at, pair), (_, after) in zip(kept[::2], kept[1::2], strict=False)]
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Compare the schedule's own length with the way it is stepped."""
        used = [rates for lane in run.lanes if (rates := self._of_epoch(lane))]
        yield from self._never(run, len(run.epochs) > 2)
        if not used or not epoch.ticks:
            return
        for scheduler in run.schedulers:
            yield from self._unit(run, epoch, scheduler, used)

    def asked(self, run: Run) -> Found:
        """A schedule that was handed over and never moved, or counts the updates and was stepped with the epochs."""
        yield from self._never(run, run.applied >= 8)
        yield from self._left(run)
        ticks = run.ticks // max(1, len(run.schedulers))
        for length in map(horizon, run.schedulers):
            if length and 1 < ticks < length / 4 and abs(length - run.applied) <= 1:
                text = f"schedule of {length} ticks for {run.applied} updates, which ticked {ticks} times"
                yield rules.SCHEDULE_UNIT.found(text, length=length, ticks=ticks)

    def _never(self, run: Run, sure: bool) -> Found:
        if self._moved:  # whoever ticks may have kept the bound method from before the watch
            yield rules.NEVER_TICKED.withdrawn("the rates moved")
        elif run.schedulers and not run.ticks and run.applied > 1:
            yield rules.NEVER_TICKED.found(
                f"schedules: {len(run.schedulers)}, ticks: 0, updates: {run.applied}, epochs: {len(run.epochs)}",
                update=run.applied, stage=Stage.of(sure), applied=run.applied,
            )  # fmt: skip

    def _left(self, run: Run) -> Found:
        of = {id(s): id(vars(s).get("optimizer")) for s in run.schedulers}
        ticked = [own for own in of if own in self._last]
        left = set(of.values()) - self._moved.union(of[own] for own in ticked)
        for lane in run.lanes if run.ticks > 2 else ():
            # A schedule of epochs waits for their end, which a run of few or of unknown ones does not show.
            seldom = len(run.epochs) > 2 or 2 * run.ticks <= lane.applied * len(ticked)
            if id(lane.optimizer) in left and lane.applied >= 8 and seldom:
                text = f"no tick of its schedule in {lane.applied} updates, {run.ticks} of others"
                yield rules.NEVER_TICKED.found(text, subject=lane.subject)

    def _unit(self, run: Run, epoch: Epoch, scheduler: object, used: Sequence[Sequence[float]]) -> Found:
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
        late, peak = max(max(rates[-max(1, len(rates) // 4) :]) for rates in used), max(map(max, used))
        # A warm restart or a cosine over one epoch still uses over 10 % of its peak in the last quarter.
        # One that is zero from the second update on does not count in another unit.
        if peak > 0 and late < 0.01 * peak and any(any(rates[1:]) for rates in used):
            yield rules.SCHEDULE_UNIT.found(
                f"rate fell from {peak:.3g} to {late:.3g} within epoch 1 ({epoch.ticks} ticks)",
                late=late, peak=peak, ticks=epoch.ticks,
            )  # fmt: skip

    def _of_epoch(self, lane: Lane) -> list[float]:
        if not (kept := self._used.get(id(lane), [])):
            return []
        self._used[id(lane)] = [(lane.applied + 1, kept[-1][1])]
        ends = [*(at for at, _ in kept[1:]), lane.applied + 1]
        return [rate for (at, rate), end in zip(kept, ends, strict=True) for _ in range(end - at)]
