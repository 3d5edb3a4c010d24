"""Evaluation: without gradients, in its own mode, and back to training afterwards; is the best really kept?"""

import ast
from collections.abc import Iterator

from ....rules import source_model
from ..events import Event, Loop
from ..suspicion import SourceFinding
from ..things import tree
from ..torchfacts import is_module, modal
from ..training import Training, named
from ..values import Tensor, Thing, options
from .telling import at, tell

_WORDS = ("val", "test", "eval", "dev")


def _evaluating(loop: Loop, function: str) -> bool:
    text = function.lower() + " " + (ast.unparse(loop.node.iter).lower() if isinstance(loop.node, ast.For) else "")
    words = text.replace(".", "_").replace("(", "_").replace(")", "_").replace(" ", "_").split("_")
    return any(w.startswith(_WORDS) and not w.startswith(("value", "testing_train")) for w in words)


def _model_calls(training: Training) -> Iterator[tuple[Event, Thing, Loop]]:
    """Calls of whole models in loops over batches in which no backward stands."""
    trained = {id(m) for m in training.models if {id(t) for t in tree(m)} & training.trained}
    with_backward = {loop for e in training.of("backward", "autograd", "step") for loop in e.loops}
    for call in training.of("call"):
        thing, loop = call.target, call.inner()
        if isinstance(thing, Thing) and id(thing) in trained and is_module(thing) and loop is not None and loop not in with_backward:
            if loop.batches:
                yield call, thing, loop


def with_gradients(training: Training) -> Iterator[SourceFinding]:
    """A pass over evaluation data that builds a graph."""
    told: set[int] = set()
    for call, _, loop in _model_calls(training):
        if call.graphless or any("grad" in g for g in call.guards) or id(loop.node) in told or training.library:
            continue
        if call.mode == "eval" or _evaluating(loop, loop.function):
            told.add(id(loop.node))
            yield at(source_model.WITH_GRADIENTS, call, "the graph of this pass is built and never used")


def in_train_mode(training: Training) -> Iterator[SourceFinding]:
    """An evaluation of a model with dropout or batch statistics, in training mode."""
    told: set[int] = set()
    for call, thing, loop in _model_calls(training):
        if call.mode in {"eval", "either"} or id(loop.node) in told or not _evaluating(loop, loop.function) or training.library:
            continue
        layer = _modal(training, thing)
        if layer is not None and not _left_alone(training, thing):
            told.add(id(loop.node))
            evidence = f"`{named(layer)}` is in the model, and no `eval()` stands before this pass"
            yield at(source_model.IN_TRAIN_MODE, call, evidence)


def _modal(training: Training, thing: Thing) -> Thing | None:
    """A layer of the model that behaves otherwise in training and is used."""
    called = {id(e.target) for e in training.of("call")}
    return next((t for t in tree(thing) if modal(t) and id(t) in called), None)


def _left_alone(training: Training, thing: Thing) -> bool:
    """True where the mode may be set somewhere that the walk does not see."""
    written = sum(f.text.count(".eval()") for f in training.reading.files)
    seen = {id(e.node) for e in training.of("mode")}
    return written > len([n for n in seen]) or "handed" in thing.marks


def not_restored(training: Training) -> Iterator[SourceFinding]:
    """A backward pass that is in eval mode from the second round on."""
    told: set[int] = set()
    calls = [c for c in training.of("call") if is_module(c.target) and isinstance(c.target, Thing)]
    loops = {loop.node for b in training.backwards for loop in b.loops[-1:]}
    for call in calls:
        thing = call.target
        if call.mode != "eval" or call.first or id(call.node) in told or not isinstance(thing, Thing):
            continue
        if call.inner() is None or call.loops[-1].node not in loops or call.graphless or id(thing) not in training.trained:
            continue
        first = [c for c in calls if c.node is call.node and c.first]
        if first and all(c.mode != "eval" for c in first) and _modal(training, thing) is not None:
            told.add(id(call.node))
            mode = [m for m in training.of("mode") if m.order < call.order and m.target is thing]
            where = mode[-1] if mode else call
            yield at(source_model.NOT_RESTORED, where, f"the training pass of line {call.line} runs in this mode from the second epoch on")


def aliased(training: Training) -> Iterator[SourceFinding]:
    """`best = model.state_dict()`, loaded at the end."""
    loaded = [(e, s) for e in training.of("loaded") for s in options(e.value)]
    for event, state in loaded:
        if not isinstance(state, Tensor) or state.op != "statedict":
            continue
        if not isinstance(state, Tensor) or not state.inputs or state.inputs[0] is not event.target:
            continue
        loops = [b.loops[0] for b in training.backwards if b.loops and b.order < event.order]
        if any(any(n is state.node for n in ast.walk(loop.node)) and loop not in event.loops for loop in loops):
            told = f"what is kept here is the live weights, and line {event.line} loads them back unchanged"
            yield tell(source_model.ALIASED, state.node, state.file, told)


def best_stuck(training: Training) -> Iterator[SourceFinding]:
    """A best value that is compared and never assigned."""
    if not training.backwards:
        return
    for file in training.reading.files:
        for node in file.nodes:
            if isinstance(node, ast.FunctionDef | ast.Module):
                yield from (tell(source_model.BEST_STUCK, c, file, f"`{n}` is compared here and never assigned") for c, n in _stuck(node))


def _stuck(scope: ast.FunctionDef | ast.Module) -> Iterator[tuple[ast.If, str]]:
    inside = [n for n in ast.walk(scope)]
    starts = {
        t.id for n in scope.body if isinstance(n, ast.Assign) and _extreme(n.value) for t in n.targets if isinstance(t, ast.Name)
    }
    stores = [n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    for loop in scope.body:
        if not isinstance(loop, ast.For | ast.While):
            continue
        for test in ast.walk(loop):
            if isinstance(test, ast.If) and isinstance(test.test, ast.Compare) and len(test.test.ops) == 1:
                sides = [s.id for s in (test.test.left, *test.test.comparators) if isinstance(s, ast.Name)]
                for name in sides:
                    if name in starts and "best" in name.lower() and stores.count(name) == 1 and "save" in ast.unparse(test):
                        yield test, name


def _extreme(value: ast.expr) -> bool:
    text = ast.unparse(value)
    return "inf" in text or isinstance(value, ast.Constant | ast.UnaryOp)


CHECKS = (with_gradients, in_train_mode, not_restored, aliased, best_stuck)
