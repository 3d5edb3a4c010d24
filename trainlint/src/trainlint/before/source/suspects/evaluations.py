"""Evaluation: without gradients, in its own mode, and back to training afterwards; is the best really kept?"""

import ast
from collections.abc import Iterator, Sequence

from ....rules import source_model
from ..meaning.torchfacts import is_module
from ..meaning.values import Const, Thing, Value, tree
from ..training import SourceFinding, Training, at, named, place, tell
from ..walking.events import Event, Loop, unwrapped

_WORDS = ("val", "test", "eval", "dev")


def _evaluating(loop: Loop, function: str) -> bool:
    text = function.lower() + " " + (ast.unparse(loop.node.iter).lower() if isinstance(loop.node, ast.For) else "")
    words = text.replace(".", "_").replace("(", "_").replace(")", "_").replace(" ", "_").split("_")
    return any(w.startswith(_WORDS) and not w.startswith(("value", "testing_train")) for w in words)


def _model_calls(training: Training) -> Iterator[tuple[Event, Thing, Loop]]:
    trained = {id(m) for m in training.models if {id(t) for t in tree(m)} & training.trained}
    with_backward = {loop for e in training.of("backward", "autograd", "step") for loop in e.loops}
    for call in training.of("call"):
        thing, loop = call.target, call.inner()
        if (
            isinstance(thing, Thing)
            and id(thing) in trained
            and is_module(thing)
            and loop is not None
            and loop not in with_backward
        ):
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
    """A pass over evaluation data in which dropout or batch statistics are in training mode."""
    passes = {loop: call for call, _, loop in _model_calls(training)}
    for loop, event in _in_train_mode(training):
        evidence = f"`{named(event.target)}` is in training mode in this pass"
        yield at(source_model.IN_TRAIN_MODE, passes[loop], evidence)


def _in_train_mode(training: Training) -> Iterator[tuple[Loop, Event]]:
    told: set[int] = set()
    trained_on = {id(t) for b in training.backwards for loop in b.loops for t in unwrapped(loop.over)}
    passes = {loop: call for call, _, loop in _model_calls(training)}
    for event in training.of("modal"):
        loop = next((each for each in event.loops if each in passes), None)
        if loop is None or id(loop.node) in told or training.library or event.mode not in {"", "train"}:
            continue
        other = event.graphless and not {id(t) for t in unwrapped(loop.over)} & trained_on
        if _repeated(loop.node, passes[loop].node):
            continue
        if (_evaluating(loop, loop.function) or other) and not _on_purpose(training, loop, event):
            told.add(id(loop.node))
            yield loop, event


def in_function(training: Training) -> Iterator[SourceFinding]:
    """An evaluating function that runs the trained model without gradients, in training mode."""
    told: set[str] = set()
    known = {id(loop.node) for loop, _ in _in_train_mode(training)}
    for event in training.of("modal"):
        names = [n for n in event.functions if _words(n) & _MEASURES]
        if not names or not event.graphless or event.mode not in {"", "train"} or names[-1] in told or training.library:
            continue
        calls = [c for c in training.of("call") if c.order <= event.order and c.function == names[-1]]
        layer = event.target
        if (
            calls
            and _is_trained(training, layer)
            and not known & {id(loop.node) for loop in event.loops}
            and not _named_on_purpose(event.functions)
            and not _left_alone(training, event)
        ):
            told.add(names[-1])
            yield at(source_model.IN_TRAIN_MODE, calls[-1], f"`{named(layer)}` is in training mode in this pass")


def _repeated(around: ast.AST, call: ast.AST) -> bool:
    for each in ast.walk(around):
        if isinstance(each, ast.ListComp | ast.GeneratorExp) and any(inner is call for inner in ast.walk(each)):
            counted = [g for g in each.generators if "range(" in ast.unparse(g.iter)]
            used = {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}
            return any(isinstance(g.target, ast.Name) and g.target.id not in used for g in counted)
    return False


def in_line(training: Training) -> Iterator[SourceFinding]:
    """The trained model on data that is called validation or test, between updates or after them, in training mode."""
    told: set[int] = set()
    trained = {id(m) for m in training.models if {id(t) for t in tree(m)} & training.trained}
    calls = [c for c in training.of("call") if id(c.target) in trained]
    for event in training.of("modal") if training.backwards and not training.library else ():
        before = [c for c in calls if c.order <= event.order and event.target in _inside(c.target)]
        call = before[-1] if event.graphless and event.mode in {"", "train"} and before else None
        if call is None or not call.graphless or id(call.node) in told or not _held_out(call.node):
            continue
        last = max((b.order for b in training.backwards if b.order < call.order), default=0)
        switched = any(last < m.order < call.order for m in training.of("mode"))
        inner = call.inner()
        if switched or (inner is not None and inner.batches) or _left_alone(training, event):
            continue
        if not _named_on_purpose((*event.functions, call.function)) and not _repeated(call.file.tree, call.node):
            told.add(id(call.node))
            yield at(source_model.IN_TRAIN_MODE, call, f"`{named(event.target)}` is in training mode in this pass")


def _held_out(call: ast.AST) -> bool:
    names = (
        {n.id for a in call.args for n in ast.walk(a) if isinstance(n, ast.Name)} if isinstance(call, ast.Call) else ()
    )
    return any(word in {"val", "valid", "validation", "test", "dev"} for name in names for word in _words(name))


_MEASURES = {
    "accuracy",
    "score",
    "iou",
    "dice",
    "evaluate",
    "evaluation",
    "validate",
    "validation",
    "eval",
    "test",
    "val",
}


def _words(name: str) -> set[str]:
    return set(name.lower().split("_"))


def _is_trained(training: Training, layer: Value) -> bool:
    models = [m for m in training.models if any(t is layer for t in tree(m))]
    return any(id(t) in training.trained for m in models for t in tree(m))


def by_the_way(training: Training) -> Iterator[SourceFinding]:
    """Training that runs in eval mode throughout, because an evaluation before it left the model there."""
    told: set[int] = set()
    for event in training.of("modal"):
        if (
            event.mode != "eval"
            or not event.first
            or event.graphless
            or not event.loops
            or not _followed(training, event)
        ):
            continue
        before = [m for m in training.of("mode") if m.order < event.order and event.target in _inside(m.target)]
        if (
            not before
            or id(before[-1].node) in told
            or not before[-1].function
            or before[-1].function in event.functions
        ):
            continue
        if any(c.graphless and before[-1].function in c.functions for c in training.of("call")):
            told.add(id(before[-1].node))
            line = place(event.node, event.file)[1]
            evidence = (
                f"`{named(event.target)}` (line {line}) trains in this mode: no `train()` follows this evaluation"
            )
            yield at(source_model.NOT_RESTORED, before[-1], evidence)


def _inside(value: Value) -> list[Thing]:
    return tree(value) if isinstance(value, Thing) else []


def _named_on_purpose(functions: Sequence[str]) -> bool:
    told = {w for name in functions for w in _words(name)}
    return bool(told & {"mc", "bn", "calibrate", "recalibrate", "uncertainty", "stochastic", "statistics", "stats"})


def _left_alone(training: Training, event: Event) -> bool:
    written = sum(f.text.count(".eval()") for f in training.reading.files)
    return written > len({id(e.node) for e in training.of("mode", ".eval")}) or "handed" in event.marks


def _on_purpose(training: Training, loop: Loop, event: Event) -> bool:
    return _named_on_purpose((loop.function, *event.functions)) or _left_alone(training, event)


def not_restored(training: Training) -> Iterator[SourceFinding]:
    """A training pass whose layers are in eval mode from the second round on."""
    told: set[int] = set()
    loops = {loop.node for b in training.backwards for loop in b.loops[-1:]}
    started = {(id(e.node), id(e.target)) for e in training.of("modal") if e.first and e.mode in {"", "train"}}
    for event in training.of("modal"):
        if event.mode not in {"eval", "either"} or event.first or (id(event.node), id(event.target)) not in started:
            continue
        if event.graphless or not any(loop.node in loops for loop in event.loops) or not _followed(training, event):
            continue
        before = [m for m in training.of("mode") if m.order < event.order and _switches(m, event.target)]
        # A part alone is put into eval mode on purpose, as a frozen backbone is.
        whole = bool(before) and any(before[-1].target is model for model in training.models)
        if whole and id(before[-1].node) not in told:
            told.add(id(before[-1].node))
            line = place(event.node, event.file)[1]
            evidence = f"`{named(event.target)}` (line {line}) trains in this mode from the second round on"
            yield at(source_model.NOT_RESTORED, before[-1], evidence)


def _switches(event: Event, layer: Value, mode: str = "eval") -> bool:
    switched = isinstance(event.value, Const) and event.value.value == mode
    return switched and isinstance(event.target, Thing) and any(t is layer for t in tree(event.target))


def _followed(training: Training, event: Event) -> bool:
    back = [m.order for m in training.of("mode") if m.order > event.order and _switches(m, event.target, "train")]
    return any(
        event.order < b.order < min(back, default=b.order + 1)
        and b.rounds == event.rounds[: len(b.rounds)]
        and b.loops == event.loops[: len(b.loops)]
        for b in training.backwards
    )


def best_stuck(training: Training) -> Iterator[SourceFinding]:
    """A best value that is compared and never assigned."""
    if not training.backwards:
        return
    for file in training.reading.files:
        for node in file.nodes:
            if isinstance(node, ast.FunctionDef | ast.Module):
                yield from (
                    tell(source_model.BEST_STUCK, c, file, f"`{n}` is compared here and never assigned")
                    for c, n in _stuck(node)
                )


def _stuck(scope: ast.FunctionDef | ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    inside = [n for n in ast.walk(scope)]
    starts = {
        t.id
        for n in scope.body
        if isinstance(n, ast.Assign) and _extreme(n.value)
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    stores = [n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    for loop in scope.body:
        if not isinstance(loop, ast.For | ast.While):
            continue
        for test, compared in _comparisons(loop):
            for name in (s.id for s in (compared.left, *compared.comparators) if isinstance(s, ast.Name)):
                if name in starts and "best" in name.lower() and stores.count(name) == 1:
                    yield test, name


def _comparisons(loop: ast.For | ast.While) -> Iterator[tuple[ast.stmt, ast.Compare]]:
    for node in ast.walk(loop):
        compared = node.test if isinstance(node, ast.If) else node.value if isinstance(node, ast.Assign) else None
        if isinstance(compared, ast.Compare) and len(compared.ops) == 1 and isinstance(node, ast.If | ast.Assign):
            if "save" in ast.unparse(node if isinstance(node, ast.If) else loop):
                yield node, compared


def _extreme(value: ast.expr) -> bool:
    text = ast.unparse(value)
    return "inf" in text or isinstance(value, ast.Constant | ast.UnaryOp)


CHECKS = (with_gradients, in_train_mode, in_function, in_line, not_restored, by_the_way, best_stuck)
