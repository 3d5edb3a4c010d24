"""The order of a batch loop: is something cleared, differentiated and stepped, once each and in order?"""

import ast
import re
from collections.abc import Iterator

from ....rules import source, source_model
from ..meaning.torchfacts import LOSSES, is_module, is_optimizer
from ..meaning.values import Bound, Tensor, Thing, Value, number, tree
from ..training import SourceFinding, Training, at, place, subject_of
from ..walking.events import Event, Loop
from ..walking.scopes import SourceFile

_CLEARING = (
    "grad = None",
    ".grad.zero_",
    ".grad.data.zero_",
    "set_to_none",
    "clear_grad",
    "grad.fill_",
    "LBFGS",
    "grad=None",
)
_GRADIENTS = re.compile(r"backward|\.grad\b|autograd|(?<!\w)grad\(|functorch|closure")
_THROUGH = {"add", "sub", "neg", "sum", "mean", "scaled", "part", "to", "float"}


def concerns(training: Training, clear: Event, optimizer: Value) -> bool:
    """True unless a clearing is certainly one of other parameters."""
    target = clear.target
    if target is optimizer or not isinstance(target, Thing) or not isinstance(optimizer, Thing):
        return True
    if is_optimizer(target) and is_optimizer(optimizer):
        mine, other = training.owned(optimizer), training.owned(target)
        if mine is None or other is None:  # an optimiser of one's own may step another one inside
            return optimizer.cls is not None or target.cls is not None
        return bool({id(t) for t in mine} & {id(t) for t in other})
    if is_module(target):
        mine = training.owned(optimizer)
        return mine is None or bool({id(t) for t in mine} & {id(t) for t in tree(target)})
    return True


def _pairs(training: Training) -> Iterator[tuple[Event, Event]]:
    for step in training.steps:
        if not step.first or not step.loops or not is_optimizer(step.target):
            continue
        before = [b for b in training.backwards if b.first and b.order < step.order and b.inner() is step.inner()]
        if before:
            yield before[-1], step


def never_cleared(training: Training) -> Iterator[SourceFinding]:
    """Backward and step in the loop, and no clearing in it."""
    if training.reading.text_has(*_CLEARING):
        return
    clears = training.of("clear")
    written = sum(f.text.count("zero_grad(") for f in training.reading.files)
    if written > len({id(c.node) for c in clears}) or not training.walker.complete:
        return
    for back, step in _pairs(training):
        if isinstance(step.target, Thing) and step.target.marks & {"closure", "handed"} - {"stranger"} and clears:
            continue
        mine = [c for c in clears if concerns(training, c, step.target)]
        inside = [c for c in mine if step.inner() in c.loops]
        if inside and all(c.conditional(step) and any(counts(g) for g, _ in c.conds) for c in inside):
            if not any((g, w) in step.conds for c in inside for g, w in c.conds):
                told = "each batch is stepped, and the gradients are cleared only in some"
                yield at(source.NEVER_CLEARED, inside[0], told, subject=subject_of(inside[0].node))
            continue
        if inside or step.conditional(back) or _rebuilt(step):
            continue
        where = (
            "nothing clears the gradients" if not mine else f"they are cleared only outside it, in line {mine[0].line}"
        )
        yield at(
            source.NEVER_CLEARED,
            step,
            f"backward and step are in this loop, and {where}",
            subject=subject_of(step.node),
        )


def _rebuilt(step: Event) -> bool:
    return (
        isinstance(step.target, Thing)
        and "stranger" not in step.target.marks
        and inside(step.target.node, step.target.file, step.inner())
    )


def inside(node: ast.AST, file: SourceFile, loop: Loop | None) -> bool:
    """True for a node of a loop's body."""
    if loop is None or file is not loop.file:
        return False
    return loop.node.lineno < place(node, file)[1] <= (loop.node.end_lineno or 0)


def cleared_between(training: Training) -> Iterator[SourceFinding]:
    """A clearing after backward, in this round or the one before, and before the step."""
    for clear in training.of("clear"):
        step = _next_step(training, clear)
        before = [b for b in training.backwards if b.order < clear.order and b.loops == clear.loops]
        if step is None or not before or clear.conditional(step):
            continue
        between = [e for e in training.trace[clear.order : step.order] if e.kind in {"backward", "grad", "autograd"}]
        since = [s for s in training.steps if before[-1].order < s.order < clear.order and s.target is step.target]
        if not between and not since:
            told = f"gradients of line {before[-1].line} are cleared before the step in line {step.line}"
            yield at(source.CLEARED_BEFORE_STEP, clear, told, subject=subject_of(clear.node))


def _next_step(training: Training, clear: Event) -> Event | None:
    for step in training.steps:
        if step.order > clear.order and step.rounds == clear.rounds and step.loops == clear.loops:
            if step.target is clear.target or (is_module(clear.target) and concerns(training, clear, step.target)):
                return step
    return None


def cleared_each(training: Training) -> Iterator[SourceFinding]:
    """A step in some batches, and a clearing in each."""
    for back, step in _pairs(training):
        gates = [c for c, way in step.conds if (c, way) not in back.conds]
        if not any(counts(c) for c in gates):
            continue
        for clear in training.of("clear"):
            same = clear.first and clear.inner() is step.inner() and not clear.conditional(back)
            if same and concerns(training, clear, step.target) and isinstance(clear.target, Thing):
                told = f"the step in line {step.line} waits for several batches, and this clears the gradients of each"
                yield at(source.CLEARED_BEFORE_STEP, clear, told, subject=subject_of(clear.node))


def never_stepped(training: Training) -> Iterator[SourceFinding]:
    """An optimiser whose parameters get gradients and that no line steps."""
    stepped = {id(e.target.node) for e in training.steps if isinstance(e.target, Thing)}
    if training.library or not training.backwards or not training.walker.complete or training.unclear_steps:
        return
    bare = any(isinstance(e.target, Bound) and e.target.name == "step" for e in training.of("bare"))
    for each in training.optimizers:
        owned = training.owned(each)
        if id(each.node) in stepped or bare or each.marks & {"handed", "stranger", "closure", "copied"} or not owned:
            continue
        if each.cls is not None and stepped:  # one of their own may step another one inside
            continue
        if any(id(t) in training.live for t in owned):
            yield at(
                source.NEVER_STEPPED,
                each,
                "backward is called, and no line calls the step of this optimiser",
            )


def no_backward(training: Training) -> Iterator[SourceFinding]:
    """Steps, and no word of a gradient in any file."""
    if training.library or any(_GRADIENTS.search(f.text) for f in training.reading.files):
        return
    for step in training.steps:
        if step.loops and is_optimizer(step.target) and not step.marks & {"stranger", "handed"}:
            yield at(
                source.STEP_WITHOUT_BACKWARD,
                step,
                "the step is taken, and no line calls backward",
                subject=subject_of(step.node),
            )


def undivided(training: Training) -> Iterator[SourceFinding]:
    """Gradients added over batches without dividing the loss."""
    if training.rescaled:
        return
    for back, step in _pairs(training):
        gates = [c for c, way in step.conds if (c, way) not in back.conds]
        if not any(counts(c) for c in gates) or any("accumulate" in g for g in back.guards):
            continue
        clears = [c for c in training.of("clear") if step.inner() in c.loops and concerns(training, c, step.target)]
        if any(not c.conditional(back) for c in clears) or not clears:
            continue
        if _undivided(back.value):
            told = f"the step in line {step.line} follows several backward passes, and nothing divides the loss"
            yield at(source.UNDIVIDED, back, told, subject=subject_of(back.node))


def another_window(training: Training) -> Iterator[SourceFinding]:
    """A loss divided by one number, and stepped after another number of batches."""
    for back, step in _pairs(training):
        gates = [c for c, way in step.conds if (c, way) not in back.conds]
        windows = [window for g in gates if isinstance(g, ast.If) for window in _moduli(g.test)]
        divisor = _divisor(back)
        if divisor is not None and len(windows) == 1 and _differ(divisor, windows[0]):
            told = f"the loss is divided by {ast.unparse(divisor)}, and the step in line {step.line} waits for "
            yield at(source.UNDIVIDED, back, told + ast.unparse(windows[0]), subject=subject_of(back.node))


def _moduli(test: ast.expr) -> list[ast.expr]:
    return [n.right for n in ast.walk(test) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mod)]


def _divisor(back: Event) -> ast.expr | None:
    own = (
        back.node.func.value if isinstance(back.node, ast.Call) and isinstance(back.node.func, ast.Attribute) else None
    )
    made = back.value.node if isinstance(back.value, Tensor) and back.value.op in {"div", "scaled"} else None
    for node in (own, made):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return node.right
    return None


def _differ(one: ast.expr, other: ast.expr) -> bool:
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):
        return one.value != other.value
    lengths = [isinstance(each, ast.Call) and ast.unparse(each.func) == "len" for each in (one, other)]
    return lengths[0] != lengths[1]


def divided_twice(training: Training) -> Iterator[SourceFinding]:
    """A loss divided by the accumulation that accelerate divides by as well."""
    for back in training.backwards:
        many = isinstance(back.target, Thing) and back.target.origin == "accelerate.Accelerator"
        steps = back.target.given("gradient_accumulation_steps") if isinstance(back.target, Thing) and many else None
        value = back.value
        if (
            steps is not None
            and number(steps) != 1
            and isinstance(value, Tensor)
            and value.op == "div"
            and value.inputs
        ):
            if _undivided(value.inputs[0]) and any("accumulate" in g for g in back.guards):
                told = "the loss is divided here, and `accelerator.backward` divides it again"
                yield at(source.DIVIDED_TWICE, back, told)


def counts(cond: ast.AST) -> bool:
    """Whether a condition takes every so many of something."""
    return isinstance(cond, ast.If) and any(isinstance(n, ast.Mod) for n in ast.walk(cond.test))


def _undivided(value: Value) -> bool:
    if not isinstance(value, Tensor):
        return False
    if value.op in LOSSES:
        return _mean(value)
    return value.op in _THROUGH and any(_undivided(v) for v in value.inputs)


def _mean(loss: Tensor) -> bool:
    from .criteria import reduction  # the two rooms share this question

    return reduction(loss) == "mean"


def one_batch(training: Training) -> Iterator[SourceFinding]:
    """A batch loop that always ends after its first batch."""
    for stop in training.of("break"):
        loop = stop.inner()
        if loop is None or not loop.batches or not stop.first:
            continue
        backs = [b for b in training.backwards if b.inner() is loop and b.order < stop.order]
        if backs and not stop.conditional(backs[0]) and len(stop.loops) > 1:
            yield at(
                source_model.ONE_BATCH, stop, f"the loop of line {loop.node.lineno} always ends after its first batch"
            )


CHECKS = (
    never_cleared,
    cleared_between,
    cleared_each,
    never_stepped,
    no_backward,
    undivided,
    divided_twice,
    another_window,
    one_batch,
)
