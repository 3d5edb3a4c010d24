"""Schedules of the rate: stepped at all, in their own unit, and not at zero where it counts?"""

import ast
from collections.abc import Iterator
from dataclasses import replace

from ....findings import Severity
from ....rules import source
from ..meaning import calling
from ..meaning.torchfacts import is_scheduler
from ..meaning.values import Bound, Const, Function, Items, Table, Thing, Value, const, elements, number
from ..training import SourceFinding, Training, at, subject_of
from ..walking.events import Event, Frame
from ..walking.reader import tensors
from .batchloops import counts
from .upkeep import batches_of

_SMALL_MEAN = 0.2
"""A run with a lower mean rate has spent most of itself in its warm-up."""
_NOMINAL = 0.5
"""A base rate from which the factor may be the rate itself: the target is what it reaches at last, as after Noam."""
_LENGTHS = {
    "CosineAnnealingLR": ("T_max", 1),
    "LinearLR": ("total_iters", 3),
    "PolynomialLR": ("total_iters", 1),
    "StepLR": ("step_size", 1),
    "OneCycleLR": ("total_steps", 2),
    "get_linear_schedule_with_warmup": ("num_training_steps", 2),
    "get_cosine_schedule_with_warmup": ("num_training_steps", 2),
}


def idle(training: Training) -> Iterator[SourceFinding]:
    """A schedule that nobody steps."""
    made = [t for t in training.walker.things if is_scheduler(t) and "stranger" not in t.marks]
    inside = {id(v) for t in made for a in (*t.args, *t.kwargs.values()) for v in elements(a)}
    ticked = {id(e.target.node) for e in training.of("tick") if isinstance(e.target, Thing)}
    for each in made:
        known = each.marks & {"handed"} or id(each) in inside or id(each.node) in ticked or training.unclear_steps
        ours = any(e.function == "configure_optimizers" for e in training.of(each.origin) if e.node is each.node)
        if not known and training.walker.complete and (ours or (not training.library and training.steps)):
            yield at(source.SCHEDULE_IDLE, each, "this schedule is made, and no line steps it")


def _unit(training: Training, tick: Event) -> str:
    steps = [s for s in training.steps if s.first and s.loops]
    if any(s.inner() is tick.inner() for s in steps):
        nested = len(tick.loops) > 1 or any(loop.batches for loop in tick.loops)
        return "batch" if nested else ""
    return "epoch" if any(tick.inner() in s.loops for s in steps) else ""


def _ticks(training: Training) -> Iterator[tuple[Event, Thing, str]]:
    for tick in training.of("tick"):
        if tick.first and tick.loops and isinstance(tick.target, Thing):
            yield tick, tick.target, _unit(training, tick)


def unit(training: Training) -> Iterator[SourceFinding]:
    """A length in one unit, and ticks in another."""
    if training.library:
        return
    for tick, schedule, unit_of_tick in _ticks(training):
        why = _mismatch(training, tick, schedule, unit_of_tick)
        if why:
            yield at(source.SCHEDULE_UNIT, tick, why, subject=subject_of(tick.node))


def configured(training: Training) -> Iterator[SourceFinding]:
    """A schedule in batches that Lightning is told to step per epoch."""
    for event in training.of("configured"):
        for schedule in _bare(event.value):
            if schedule.origin.endswith("OneCycleLR") and _in_batches(schedule):
                told = "its length counts batches, and Lightning steps it per epoch unless told `interval='step'`"
                yield at(source.SCHEDULE_UNIT, schedule, told)


def _bare(value: Value) -> Iterator[Thing]:
    if isinstance(value, Table):
        given = value.entries.get("lr_scheduler")
        if isinstance(given, Table) and "interval" not in given.entries and not given.more:
            given = given.entries.get("scheduler")
        if isinstance(given, Thing) and is_scheduler(given):
            yield given
    elif isinstance(value, Items) and len(value.items) == 2:
        yield from (t for t in elements(value.items[1]) if isinstance(t, Thing) and is_scheduler(t))


def _in_batches(schedule: Thing) -> bool:
    total = schedule.given("total_steps", 2)
    if "steps_per_epoch" in schedule.kwargs or (total is not None and any(t.op == "len" for t in tensors(total))):
        return True
    return isinstance(total, Bound | Thing) and "estimated_stepping_batches" in ast.unparse(schedule.node)


def _mismatch(training: Training, tick: Event, schedule: Thing, unit_of_tick: str) -> str:
    kind = schedule.origin.rsplit(".", 1)[-1]
    length = schedule.given(*_LENGTHS[kind]) if kind in _LENGTHS else None
    if unit_of_tick == "epoch":
        if kind == "OneCycleLR" and "steps_per_epoch" in schedule.kwargs:
            return "its length counts batches (`steps_per_epoch`), and it is stepped once per epoch"
        if length is not None and any(t.op == "len" for t in tensors(length)):
            return "its length counts batches, and it is stepped once per epoch"
    if unit_of_tick == "batch":
        if kind in {"CosineAnnealingLR", "LinearLR", "PolynomialLR"} and _same_length(length, _epochs(tick)):
            return "its length is the number of epochs, and it is stepped once per batch"
        size, epochs, gamma = number(length), number(_epochs(tick)), number(schedule.given("gamma", 2))
        if kind == "StepLR" and size is not None and epochs is not None and size <= epochs and (gamma or 0.1) < 1:
            return f"it falls every {size:g} steps of a run of {epochs:g} epochs, and is stepped once per batch"
        last = _last_milestone(schedule) if kind == "MultiStepLR" else None
        if last is not None and epochs is not None and last <= epochs:
            return f"its milestones end at {last:g} in a run of {epochs:g} epochs, and it is stepped once per batch"
        decay = number(schedule.given("gamma", 1))
        if kind == "ExponentialLR" and decay is not None and decay <= 0.95:
            return f"its factor {decay:g} is meant for epochs, and it is stepped once per batch"
        return _oftener(training, tick)
    return ""


def _last_milestone(schedule: Thing) -> float | None:
    given = schedule.given("milestones", 1)
    found = [number(m) for m in elements(given)] if isinstance(given, Items) and not given.more else []
    known = [m for m in found if m is not None]
    return max(known) if len(known) == len(found) > 1 else None


def _oftener(training: Training, tick: Event) -> str:
    steps = [s for s in training.steps if s.inner() is tick.inner() and s.first]
    gated = [s for s in steps if s.conditional(tick) and any(counts(c) for c, _ in s.conds)]
    if gated and len(gated) == len(steps):
        return f"it is stepped in each batch, and the optimiser of line {gated[0].line} only in some"
    return ""


def _epochs(tick: Event) -> Value | None:
    over = tick.loops[0].over
    if isinstance(over, Thing) and over.origin == "enumerate":
        over = over.args[0]
    if isinstance(over, Thing) and over.origin == "range" and over.args:
        return over.args[len(over.args) - 1] if len(over.args) <= 2 else None
    return None


def _same_length(length: Value | None, epochs: Value | None) -> bool:
    return length is not None and (
        length is epochs or (number(length) is not None and number(length) == number(epochs))
    )


def warmup(training: Training) -> Iterator[SourceFinding]:
    """A factor that is zero at its first index, or small for most of the run, stepped per epoch."""
    for tick, schedule, unit_of_tick in _ticks(training):
        if unit_of_tick != "epoch":
            first, mean = _factors(training, schedule, _all_ticks(tick))
            if schedule.origin.endswith("LambdaLR") and first == 0:
                told = "its factor is 0 at index 0: the first update does nothing"
                yield at(source.WARMUP_ZERO, schedule, told, severity=Severity.NOTE)
            if mean is not None and mean < _SMALL_MEAN:
                yield _too_long(schedule, mean)
            continue
        first, mean = _factors(training, schedule, number(_epochs(tick)))
        if first == 0:
            yield at(
                source.WARMUP_ZERO,
                schedule,
                "its factor is 0 at index 0, for the whole first epoch",
            )
        elif mean is not None and mean < _SMALL_MEAN:
            yield _too_long(schedule, mean)


def _too_long(schedule: Thing, mean: float) -> SourceFinding:
    told = f"the mean rate of the run is {mean:.0%} of the target: the warm-up is longer than the run"
    found = at(source.WARMUP_ZERO, schedule, told)
    return replace(found, confirmed_by=("RT104",))  # no update stands still


def _all_ticks(tick: Event) -> float | None:
    found = 1.0
    for loop in tick.loops if not tick.conds else ():
        over = loop.over.args[0] if isinstance(loop.over, Thing) and loop.over.origin == "enumerate" else loop.over
        last = over.args[0] if isinstance(over, Thing) and over.origin == "range" and len(over.args) == 1 else None
        sized = [number(last)] if last is not None else [*batches_of(over)] if isinstance(over, Thing) else []
        if not sized or sized[0] is None:
            return None
        found *= sized[0]
    return found if tick.loops and not tick.conds else None


def _factors(training: Training, schedule: Thing, ticks: float | None) -> tuple[float | None, float | None]:
    kind = schedule.origin.rsplit(".", 1)[-1]
    count = int(min(ticks or 0, 50))
    stride = (ticks or 0) / max(count, 1)
    if kind == "LambdaLR":
        given = schedule.given("lr_lambda", 1)
        every = given.items if isinstance(given, Items) else [given]
        rules = [r for r in every if isinstance(r, Function)]
        groups = [[_value(training, r, int(n * stride)) for n in range(max(count, 1))] for r in rules]
        if not groups or len(groups) < len(every) or any(g[0] is None for g in groups):
            return None, None
        found = max(groups, key=lambda g: g[0] or 0)  # of several groups, the one that moves most at the start
        known = [f for f in found if f is not None]
        if not (len(known) > 1 and known[-1] >= known[0] and len(known) == len(found) == count):
            return found[0], None
        peak, base = 1.0, schedule.given("optimizer", 0)
        if isinstance(base, Thing) and (number(base.given("lr", 1)) or 0) >= _NOMINAL:
            later = [_value(training, rules[groups.index(found)], int(ticks or 0) * k) for k in (2, 8, 32, 128)]
            peak = min(1.0, max(f for f in (*known, *later) if f is not None)) if all(later) else peak
        return found[0], sum(known) / len(known) / peak
    if kind.startswith("get_") and "warmup" in kind and ticks:
        length = number(schedule.given("num_warmup_steps", 1))
        return None, min(1.0, ticks / (2 * length)) if length and length >= ticks else None
    if kind == "LinearLR" and ticks:
        start = number(schedule.given("start_factor", 1)) or 1 / 3
        total = number(schedule.given("total_iters", 3))
        if total and start < 1 and number(schedule.given("end_factor", 2)) in {None, 1.0}:
            return start, sum(min(1, start + (1 - start) * n * stride / total) for n in range(count)) / max(count, 1)
    return None, None


def _value(training: Training, rule: Function, index: int) -> float | None:
    walker = training.walker
    walker.frames.append(Frame(None, "", rule.file, rule.scope))
    with walker.aside():
        value = calling.inline(walker, rule, None, (Const(index),), {}, rule.node)
    walker.frames.pop()
    return number(value)


def plateau(training: Training) -> Iterator[SourceFinding]:
    """A plateau of a loss with mode max, or of an accuracy with mode min."""
    for tick in training.of("tick"):
        schedule = tick.target
        if not isinstance(schedule, Thing) or not schedule.origin.endswith("ReduceLROnPlateau"):
            continue
        mode = const(schedule.given("mode", 1)) or "min"
        text = ast.unparse(tick.node.args[0]).lower() if isinstance(tick.node, ast.Call) and tick.node.args else ""
        rising = any(w in text for w in ("acc", "f1", "auc", "dice", "iou", "bleu"))
        if schedule.given("mode", 1) is not None and const(schedule.given("mode", 1)) is None:
            continue
        if (mode == "max" and "loss" in text and not text.startswith("-")) or (
            mode == "min" and rising and "loss" not in text and "-" not in text
        ):
            yield at(source.PLATEAU, tick, f"mode {mode} waits for the reverse of what `{text}` does")


CHECKS = (idle, unit, configured, warmup, plateau)
