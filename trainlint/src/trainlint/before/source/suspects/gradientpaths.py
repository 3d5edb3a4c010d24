"""Does a gradient come back to every part that is meant to learn, and does the optimiser hold it as it is now?"""

import ast
from collections.abc import Iterator
from dataclasses import replace

from ....rules import source, source_model
from ..meaning.torchfacts import LOSSES, has_weights, is_module, learns
from ..meaning.values import Items, Params, Tensor, Thing, Value, elements, number, options, tree
from ..training import SourceFinding, Training, at, layers, named, place
from ..walking.events import Event
from ..walking.reader import tensors
from .members import made_within

_DELIBERATE = {"statedict", "grad", "len", "compare"}


def cut(training: Training) -> Iterator[SourceFinding]:
    """A part in the optimiser that reaches every loss only through a cut."""
    if training.library or not training.walker.complete:
        return
    for back in training.backwards:
        dead = training.reach(back.value)[1]
        found: dict[int, tuple[Tensor, list[Thing]]] = {}
        for key, (thing, where) in dead.items():
            if isinstance(thing, Thing) and _meant(training, thing, key) and where.cut not in _DELIBERATE:
                found.setdefault(id(where), (where, []))[1].append(thing)
        for where, parts in found.values():
            names = ", ".join(dict.fromkeys(f"`{named(p)}`" for p in parts[:3]))
            told = f"{where.cut} lets no gradient back to {names}, which the optimiser holds"
            yield at(source_model.CUT, where, told, subject=named(parts[0]))
        if not found and back.first:
            yield from _nothing_left(training, back)


def _meant(training: Training, thing: Thing, key: int) -> bool:
    return learns(thing) and key in training.trained and key not in training.live and key not in training.frozen


def _nothing_left(training: Training, back: Event) -> Iterator[SourceFinding]:
    value = back.value
    if isinstance(value, Tensor) and value.cut and value.cut not in _DELIBERATE and not training.reach(value)[0]:
        if any(t.op in LOSSES for t in tensors(value)):
            told = f"{value.cut} cuts the loss from everything before backward"
            yield at(source_model.CUT, value, told)


def term(training: Training) -> Iterator[SourceFinding]:
    """A term beside others of the loss that is computed from the model and moves nothing of it."""
    if training.library or not training.walker.complete:
        return
    for back in training.backwards:
        terms = list(_terms(back.value))
        for each in terms if back.first and _live(training, back.value) else ():
            cuts = [(thing, where) for thing, where in training.reach(each)[1].values() if _weighs(training, thing)]
            where = cuts[0][1] if cuts else each
            # `x + (y - x).detach()` has the value of one and the gradient of the other.
            inside = {ast.unparse(t.node) for t in tensors(where)}
            paired = any(ast.unparse(other.node) in inside for other in terms if other is not each)
            if cuts and not _live(training, each) and not paired and where.cut not in _DELIBERATE:
                told = f"{where.cut} lets no gradient back from this term of the loss: it moves no weight"
                found = at(source_model.CUT, where, told)
                yield replace(found, confirmed_by=("RT232",))  # the other terms move what a cut part would not


def _terms(value: Value) -> Iterator[Tensor]:
    if not isinstance(value, Tensor) or (value.op == "mult" and any(number(v) == 0 for v in value.inputs)):
        return
    inputs = [v for v in value.inputs if isinstance(v, Tensor)]
    if not value.cut and (value.op in {"add", "sub"} or (value.op in {"scaled", "neg", "mult"} and len(inputs) == 1)):
        for each in inputs:
            yield from _terms(each)
    else:
        yield value


def _live(training: Training, value: Value) -> bool:
    return any(_weighs(training, v) for v in training.reach(value)[0].values())


def _weighs(training: Training, value: Value) -> bool:
    if isinstance(value, Tensor):
        return value.op == "parameter" or id(value) in training.leaves
    return isinstance(value, Thing) and has_weights(value) and id(value) in training.trained


def constant_derivative(training: Training) -> Iterator[SourceFinding]:
    """A derivative by the inputs without a graph of its own, added to what has one: the optimiser takes it for data."""
    if training.library or not training.walker.complete:
        return
    for back in training.backwards:
        whole = list(_terms(back.value)) if back.first else []
        known: dict[int, Tensor | None] = {}
        for each in tensors(back.value) if back.first else ():
            sides = each.inputs[:2] if each.op in {"add", "sub", *LOSSES} and each.module is None else ()
            for side, other in (sides, sides[::-1]) if len(sides) == 2 else ():
                made = _constant(training, side, known)
                live = _live(training, other) and _constant(training, other, known) is None
                if made is not None and live and (any(t in whole for t in tensors(side)) or _beside(made, other)):
                    told = "`create_graph=True` is missing: this derivative is a constant for the optimiser"
                    yield replace(at(source_model.CUT, made, told), confirmed_by=("RT232",))


def _constant(training: Training, value: Value, known: dict[int, Tensor | None]) -> Tensor | None:
    if not isinstance(value, Tensor) or value.cut or value.module is not None:
        return None
    if "plain" in value.info:
        by = [t.op for t in tensors(value.info["by"])]
        return value if by and "parameter" not in by and _live(training, value.info["of"]) else None
    if id(value) not in known:
        known[id(value)] = None
        found = [(v, _constant(training, v, known)) for v in value.inputs]
        if not any(made is None and _live(training, v) for v, made in found):
            known[id(value)] = next((made for _, made in found if made is not None), None)
    return known[id(value)]


def _beside(made: Tensor, other: Value) -> bool:
    """True where a graph was asked for the derivative that is derived again, or for another one of the same output."""
    of = list(tensors(made.info["of"]))
    graphs = [t for v in (other, *of) for t in tensors(v) if "by" in t.info and "plain" not in t.info]
    return any(t in of or any(o in of for o in tensors(t.info["of"])) for t in graphs)


def no_loss(training: Training) -> Iterator[SourceFinding]:
    """A part that is called in training, is in the optimiser, and feeds no loss."""
    if training.library or not training.clear_losses or not training.walker.complete:
        return
    reached = {k for b in training.backwards for half in training.reach(b.value) for k in half}
    loops = {loop for b in training.backwards for loop in b.loops}
    told: set[int] = set()
    for call in training.of("call"):
        thing = call.target
        if not isinstance(thing, Thing) or id(thing) in told or not has_weights(thing) or id(thing) in reached:
            continue
        if (
            id(thing) in training.trained
            and not call.graphless
            and loops & set(call.loops)
            and id(thing) not in training.foreign
        ):
            told.add(id(thing))
            yield at(
                source_model.NO_LOSS,
                call,
                f"`{named(thing)}` is called in the training pass, and no loss depends on it",
            )


def kept_graph(training: Training) -> Iterator[SourceFinding]:
    """A sum or a list of losses that hold their graphs."""
    used = {id(t) for b in training.backwards for t in tensors(b.value)}
    for event in training.of("add", "append"):
        value = event.value
        if not isinstance(value, Tensor) or value.op not in LOSSES or value.cut or event.graphless or not event.first:
            continue
        backs = [
            b
            for b in training.backwards
            if b.inner() is event.inner() and id(value) in {id(t) for t in tensors(b.value)}
        ]
        if not backs or id(event.target) in used or (isinstance(event.target, Items) and _summed(event, training)):
            continue
        name = ast.unparse(event.node.target) if isinstance(event.node, ast.AugAssign) else "the list"
        yield at(source_model.KEPT_GRAPH, event, f"`{name}` keeps the graph of every batch")


def _summed(event: Event, training: Training) -> bool:
    return any(event.target is v for b in training.backwards for t in tensors(b.value) for v in t.inputs)


def _holders(value: Value | None) -> Iterator[Thing]:
    for each in elements(value) if value is not None else ():
        for inside in elements(each):
            if isinstance(inside, Params):
                yield from (o for o in options(inside.owner) if isinstance(o, Thing))


def _real(training: Training) -> list[Thing]:
    stepped = {id(s.target) for s in training.steps}
    return [o for o in training.optimizers if id(o) in stepped and not o.marks & {"stranger", "handed"}]


def stale(training: Training) -> Iterator[SourceFinding]:
    """A layer replaced after the optimiser was made."""
    optimizers = _real(training)
    for optimizer in optimizers:
        made = training.created(optimizer)
        held = {id(t) for h in _holders(optimizer.given("params", 0)) for t in tree(h)}
        for change in training.of("kept"):
            old = "outside" in change.marks or any(r.node is change.node for r in training.of("replaced"))
            new = change.value
            if not (0 <= made < change.order and old and id(change.target) in held and isinstance(new, Thing)):
                continue
            later = [o for o in optimizers if training.created(o) > change.order]
            if is_module(new) and any(True for _ in layers(new)) and not later and not optimizer.extra and change.first:
                line = place(optimizer.node, optimizer.file)[1]
                told = f"the optimiser of line {line} was made before and holds the old layer"
                yield at(source.STALE_OPTIMISER, change, told)


def another(training: Training) -> Iterator[SourceFinding]:
    """An optimiser whose parameters feed no loss."""
    if training.library or not training.clear_losses or not training.walker.complete:
        return
    for optimizer in _real(training):
        owned = training.owned(optimizer)
        weights = [t for t in owned or () if learns(t)]
        if not weights or any(id(t) in training.live or "handed" in t.marks for t in owned or ()):
            continue
        told = f"none of the {len(weights)} parts that it holds feeds a loss on which backward is called"
        yield at(source.OTHER_MODEL, optimizer, told)


def in_none(training: Training) -> Iterator[SourceFinding]:
    """A fresh module that feeds the loss and that no optimiser holds."""
    owned = [training.owned(o) for o in training.optimizers]
    if training.library or not _real(training) or any(o is None for o in owned) or not training.walker.complete:
        return
    held = {id(t) for o in owned for t in o or ()}
    if not any(has_weights(t) and id(t) in held for t in training.walker.things):
        return
    if any(True for _ in another(training)):
        return
    for model in training.models:
        if id(model) in training.foreign or not is_module(model):
            continue
        missing = [t for t in layers(model) if _forgotten(training, t) and id(t) not in held]
        if missing and not made_within(training, model):
            many = f"{len(missing)} layers with weights" if len(missing) > 1 else f"`{named(missing[0])}`"
            told = f"{many} of `{named(model)}` feed the loss and are in no optimiser"
            yield at(source.IN_NO_OPTIMISER, model, told, subject=named(model))


def _forgotten(training: Training, layer: Thing) -> bool:
    return id(layer) in training.live and id(layer) not in training.frozen and id(layer) not in training.foreign


def frozen(training: Training) -> Iterator[SourceFinding]:
    """An optimiser that holds nothing but frozen parts, where no loose part may be in its model too."""
    for optimizer in _real(training):
        owned = training.owned(optimizer) or []
        elsewhere = {id(t) for o in training.optimizers if o is not optimizer for t in training.owned(o) or ()}
        perhaps = [t for t in training.walker.things if id(t) not in elsewhere and "replaced" not in t.marks]
        weights = [t for t in (*owned, *perhaps) if learns(t) and "part" not in t.marks]
        steps = [s.order for s in training.steps if s.target is optimizer]
        if any(learns(t) for t in owned) and all(t.frozen_at(o) for t in weights for o in steps):
            yield at(source.ALL_FROZEN, optimizer, "everything that this optimiser holds is frozen")


CHECKS = (cut, term, constant_derivative, no_loss, kept_graph, stale, another, in_none, frozen)
