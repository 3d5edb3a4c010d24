"""What does a loop do beside training: release, restore, report, finish its window; is training inside it?"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from ....rules import source, source_model
from ..meaning.torchfacts import LOSSES
from ..meaning.values import Const, Tensor, Thing, Value, number, whole
from ..training import SourceFinding, Training, at, layers, place, subject_of
from ..walking.events import LOADER, Event, Loop, unwrapped
from ..walking.looping import TENSORS, dataset_of
from ..walking.reader import tensors
from .batchloops import inside

_RESTORING = {"copy_to": "restore", "apply_shadow": "restore", "swap": "swap"}


def not_released(training: Training) -> Iterator[SourceFinding]:
    """A part frozen in the loop under a condition, and never released."""
    freezes = training.of("freeze")
    loops = {loop for b in training.backwards for loop in b.loops}
    for event in freezes:
        if not event.first or not (set(event.loops) & loops) or not event.conds or event.value != Const(False):
            continue
        released = [f for f in freezes if f.value != Const(False) and f.target is event.target]
        epochs = {
            n.id
            for loop in event.loops
            if isinstance(loop.node, ast.For)
            for n in ast.walk(loop.node.target)
            if isinstance(n, ast.Name)
        }
        gate = event.conds[0][0]
        if (
            not released
            and isinstance(gate, ast.If)
            and epochs & {n.id for n in ast.walk(gate.test) if isinstance(n, ast.Name)}
        ):
            told = f"it is frozen while the condition of line {gate.lineno} holds, and no line releases it"
            yield at(source.NOT_RELEASED, event, told)


def left_in(training: Training) -> Iterator[SourceFinding]:
    """Averaged weights copied into the trained model in the loop, and not taken out."""
    loops = {loop for b in training.backwards for loop in b.loops}
    for name, back in _RESTORING.items():
        if name == back or training.reading.text_has(f".{back}(", "average_parameters"):
            continue
        for event in training.of(f".{name}"):
            if set(event.loops) & loops and event.first:
                yield at(
                    source_model.SWAPPED_IN,
                    event,
                    f"`{name}` overwrites the weights in the loop, and no line calls `{back}`",
                )


_AVERAGED = re.compile(r"ema|shadow|swa", re.IGNORECASE)


def loaded_in(training: Training) -> Iterator[SourceFinding]:
    """Averaged weights loaded into the trained model in every round, and never its own again."""
    loads = [e for e in training.of("loaded") if e.first and e.loops and isinstance(e.target, Thing)]
    for event in loads:
        given = ast.unparse(event.node.args[0]) if isinstance(event.node, ast.Call) and event.node.args else ""
        later = [e for e in loads if e.target is event.target and e.order > event.order]
        stepped = [s for s in training.steps if s.first and event.inner() in s.loops and not event.conditional(s)]
        mine = id(event.target) in {id(t) for s in stepped for t in _held(training, s)}
        if _AVERAGED.search(given) and mine and not later and any(s.order < event.order for s in stepped):
            told = f"`{given}` is loaded into the trained model in each round, and nothing loads its own weights back"
            yield at(source_model.SWAPPED_IN, event, told)


def _held(training: Training, step: Event) -> list[Thing]:
    return (training.owned(step.target) or []) if isinstance(step.target, Thing) else []


def released_late(training: Training) -> Iterator[SourceFinding]:
    """Layers that were frozen, are released and feed a loss, while no optimiser that still steps has them."""
    for event in training.of("freeze") if not training.unclear_steps else ():
        parts = [t for t in layers(event.target) if t.frozen_at(event.order)] if isinstance(event.target, Thing) else []
        if event.value != Const(True) or not event.first or not {id(t) for t in parts} & training.live:
            continue
        later = [s for s in training.steps if s.order > event.order and not all(t.frozen_at(s.order) for t in parts)]
        holders = [s.target for s in later if isinstance(s.target, Thing)]
        if holders and all(_without(training, o, parts) for o in holders):
            line = place(holders[0].node, holders[0].file)[1]
            told = f"it is released here, and the optimiser of line {line}, made before, has nothing of it"
            yield replace(at(source.IN_NO_OPTIMISER, event, told), confirmed_by=())  # other stages may move it


def _without(training: Training, optimizer: Thing, parts: list[Thing]) -> bool:
    first = optimizer.node.args[:1] if isinstance(optimizer.node, ast.Call) else []
    chosen = "requires_grad" in ast.unparse(first[0]) if first else False
    owned = training.owned(optimizer)
    apart = owned is not None and not {id(t) for t in owned} & {id(t) for t in parts}
    strange = optimizer.extra or optimizer.marks & {"stranger", "handed"}
    return not strange and (apart or (chosen and all(t.frozen_at(training.created(optimizer)) for t in parts)))


def reset(training: Training) -> Iterator[SourceFinding]:
    """Weights initialised anew in the loop of an optimiser that was made outside of it."""
    for event in training.of(".reset_parameters", ".apply"):
        if not event.first or (event.kind == ".apply" and not _initialises(event)):
            continue
        for step in training.steps:
            shared = [loop for loop in event.loops if loop in step.loops]
            if shared and not event.conditional(step) and _made_outside(step, shared[0]):
                told = f"it runs in the loop of line {shared[0].node.lineno}, whose optimiser was made before it"
                yield at(source_model.RESET, event, told)
                break


def _initialises(event: Event) -> bool:
    given = event.node.args[0] if isinstance(event.node, ast.Call) and event.node.args else None
    return given is not None and any(word in ast.unparse(given).lower() for word in ("init", "reset"))


def _made_outside(step: Event, loop: Loop) -> bool:
    made = step.target
    if not isinstance(made, Thing) or made.file is not loop.file or made.marks & {"stranger", "handed"}:
        return False
    line = made.node.lineno if isinstance(made.node, ast.expr | ast.stmt) else 0
    return 0 < line < loop.node.lineno


def window_lost(training: Training) -> Iterator[SourceFinding]:
    """An epoch that is no multiple of its windows, whose rest is cleared."""
    for step in training.steps:
        loop = step.inner()
        if not step.first or loop is None or len(step.loops) < 2:
            continue
        windows = [w for c, way in step.conds if way and isinstance(c, ast.If) for w in _window(c, training, step)]
        batches = [
            n for t in unwrapped(loop.over) if isinstance(t, Thing) and t.origin == LOADER for n in batches_of(t)
        ]
        epoch = step.loops[-2]
        between = [c for c in training.of("clear") if c.first and loop not in c.loops and epoch in c.loops]
        cleared = [c for c in between if c.order < step.order]
        after = [s for s in training.steps if s.first and loop not in s.loops and s.target is step.target]
        if windows and batches and cleared and not after and batches[0] % windows[0]:
            told = f"{batches[0]} batches in windows of {windows[0]}: the rest is cleared in line {cleared[-1].line}"
            yield at(source.WINDOW_LOST, step, told)


def _window(cond: ast.If, training: Training, step: Event) -> Iterator[int]:
    if any(isinstance(n, ast.Or) for n in ast.walk(cond.test)):  # such as the last batch
        return
    for event in training.of("modulo"):
        size = whole(event.value)
        if size and size > 1 and any(n is event.node for n in ast.walk(cond.test)):
            yield size


def batches_of(loader: Thing) -> Iterator[int]:
    """How many batches a loader has, where the source says so."""
    size, data = whole(loader.given("batch_size", 1)) if loader.origin == LOADER else None, dataset_of(loader)
    first = data.args[0] if isinstance(data, Thing) and data.origin == TENSORS and data.args else None
    count = first.shape[0] if isinstance(first, Tensor) and first.shape else None
    if size and count and number(loader.kwargs.get("drop_last")) is None and "drop_last" not in loader.kwargs:
        yield -(-count // size)


_PLAIN = {"add", "sub", "mult", "div", "scaled", "neg", "mean", "sum", *LOSSES}


def outside_batches(training: Training) -> Iterator[SourceFinding]:
    """Backward behind the batch loop, on its last loss or on its last batch."""
    used = {loop for b in training.backwards for loop in b.loops}
    idle = [e.loops[-1] for e in training.of("loop") if e.loops and e.first and e.loops[-1] not in used]
    idle = [loop for loop in idle if _over_batches(loop)]
    for back in training.backwards if idle else ():
        for loop in (loop for loop in idle if back.file is loop.file and back.line > (loop.node.end_lineno or 0)):
            what = _of_the_last_round(training, back.value, loop)
            if what:
                told = f"it stands behind the batch loop of line {loop.node.lineno}, on its last {what}"
                yield at(source.OUTSIDE_BATCHES, back, told, subject=subject_of(back.node))
                break


def _over_batches(loop: Loop) -> bool:
    if not isinstance(loop.node, ast.For):
        return False
    pieces = any(isinstance(v, Tensor) and v.op in {"split", "chunk"} for v in unwrapped(loop.over))
    return loop.batches or pieces or "loader" in ast.unparse(loop.node.iter).lower()


def _of_the_last_round(training: Training, value: Value, loop: Loop) -> str:
    if isinstance(value, Tensor) and inside(value.node, value.file, loop) and _of_one_round(value):
        return "loss" if training.reach(value)[0] else ""
    loss = _last_loss(value)
    if loss is None:
        return ""
    if inside(loss.node, loss.file, loop):
        return "loss"
    drawn = loop.node.iter if isinstance(loop.node, ast.For) else None
    made = [t for t in tensors(loss) if t is not loss and (t.node is drawn or inside(t.node, t.file, loop))]
    return "batch" if made and _only_assigns(loop) else ""


def _of_one_round(value: Tensor) -> bool:
    return value.op in _PLAIN and not any(t is not value and t.node is value.node for t in tensors(value))


def _last_loss(value: Value) -> Tensor | None:
    while isinstance(value, Tensor) and value.op in {"scaled", "div", "mult", "neg", "mean"} and value.inputs:
        value = value.inputs[0]
    return value if isinstance(value, Tensor) and value.op in LOSSES else None


def _only_assigns(loop: Loop) -> bool:
    for each in loop.node.body if isinstance(loop.node, ast.For) else ():
        if not isinstance(each, ast.Assign):
            return False
        names = {n.id for t in each.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        plain = all(isinstance(n, ast.Name | ast.Tuple | ast.Store) for t in each.targets for n in ast.walk(t))
        if not plain or names & {n.id for n in ast.walk(each.value) if isinstance(n, ast.Name)}:
            return False
    return True


CHECKS = (not_released, left_in, loaded_in, released_late, reset, window_lost, outside_batches)
