"""Who is in the optimiser: the model that is trained, all of it, as it is after the last change?"""

from collections.abc import Iterator

from ....rules import source
from ..meaning.things import tree
from ..meaning.torchfacts import has_weights, is_module
from ..meaning.values import Params, Thing, Value, elements, options
from ..suspicion import SourceFinding
from ..training import Training, layers, named
from .members import made_within
from .telling import at, tell


def _created(training: Training, optimizer: Thing) -> int:
    return next((e.order for e in training.of(optimizer.origin) if e.node is optimizer.node), -1)


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
        made = _created(training, optimizer)
        held = {id(t) for h in _holders(optimizer.given("params", 0)) for t in tree(h)}
        for change in training.of("kept"):
            old = "outside" in change.marks or any(r.node is change.node for r in training.of("replaced"))
            new = change.value
            if not (0 <= made < change.order and old and id(change.target) in held and isinstance(new, Thing)):
                continue
            later = [o for o in optimizers if _created(training, o) > change.order]
            if is_module(new) and any(True for _ in layers(new)) and not later and not optimizer.extra and change.first:
                told = f"the optimiser of line {_line(optimizer)} was made before and holds the old layer"
                yield at(source.STALE_OPTIMISER, change, told)


def _line(thing: Thing) -> int:
    from ..training import place

    return place(thing.node, thing.file)[1]


def another(training: Training) -> Iterator[SourceFinding]:
    """An optimiser whose parameters feed no loss."""
    if training.library or not training.clear_losses or not training.walker.complete:
        return
    for optimizer in _real(training):
        owned = training.owned(optimizer)
        weights = [t for t in owned or () if has_weights(t) or "outside" in t.marks or t.origin.endswith("Parameter")]
        if not weights or any(id(t) in training.live or "handed" in t.marks for t in owned or ()):
            continue
        told = f"none of the {len(weights)} parts that it holds feeds a loss on which backward is called"
        yield tell(source.OTHER_MODEL, optimizer.node, optimizer.file, told)


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
            yield tell(source.IN_NO_OPTIMISER, model.node, model.file, told, subject=named(model))


def _forgotten(training: Training, layer: Thing) -> bool:
    return id(layer) in training.live and id(layer) not in training.frozen and id(layer) not in training.foreign


def frozen(training: Training) -> Iterator[SourceFinding]:
    """An optimiser that holds nothing but frozen parts."""
    for optimizer in _real(training):
        owned = training.owned(optimizer) or []
        weights = [t for t in owned if has_weights(t) or ("outside" in t.marks and "part" not in t.marks)]
        steps = [s.order for s in training.steps if s.target is optimizer]
        if weights and all(t.frozen_at(o) for t in weights for o in steps):
            yield tell(
                source.ALL_FROZEN, optimizer.node, optimizer.file, "everything that this optimiser holds is frozen"
            )


CHECKS = (stale, another, in_none, frozen)
