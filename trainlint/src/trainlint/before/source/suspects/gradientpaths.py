"""The way back from the loss: does it reach every part that is meant to learn, and is a graph kept for nothing?"""

import ast
from collections.abc import Iterator

from ....rules import source_model
from ..meaning.torchfacts import LOSSES, has_weights
from ..meaning.values import Items, Tensor, Thing
from ..suspicion import SourceFinding
from ..training import Training, named
from ..walking.events import Event
from ..walking.reader import tensors
from .telling import at, tell

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
            yield tell(source_model.CUT, where.node, where.file, told, subject=named(parts[0]))
        if not found and back.first:
            yield from _nothing_left(training, back)


def _meant(training: Training, thing: Thing, key: int) -> bool:
    weights = has_weights(thing) or ("outside" in thing.marks) or thing.origin.endswith(".Parameter")
    return weights and key in training.trained and key not in training.live and key not in training.frozen


def _nothing_left(training: Training, back: Event) -> Iterator[SourceFinding]:
    value = back.value
    if isinstance(value, Tensor) and value.cut and value.cut not in _DELIBERATE and not training.reach(value)[0]:
        if any(t.op in LOSSES for t in tensors(value)):
            told = f"{value.cut} cuts the loss from everything before backward"
            yield tell(source_model.CUT, value.node, value.file, told)


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


CHECKS = (cut, no_loss, kept_graph)
