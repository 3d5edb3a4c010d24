"""The loss itself: the right sign, a mean, its arguments in order, and no factor of zero?"""

import ast
from collections.abc import Iterator

from ....findings import Severity
from ....rules import source_model
from ..meaning.torchfacts import LOSSES
from ..meaning.values import Choice, Const, Tensor, Thing, Value, const, number
from ..training import SourceFinding, Training, at
from ..walking.events import Event
from ..walking.reader import tensors

_ORDERED = {"crossentropy", "nll", "binarycrossentropy", "binarycrossentropywithlogits"}


def reduction(loss: Tensor) -> str:
    """`mean`, `sum` or `none`; `?` where it is not a constant."""
    given: Value | None = loss.info.get("arg:reduction")
    if given is None and loss.module is not None:
        given = loss.module.kwargs.get("reduction")
    if given is None:
        return "mean"
    return str(const(given)) if isinstance(given, Const) else "?"


def _signs(value: Value, sign: int, found: list[tuple[Tensor, int]], others: list[Value]) -> None:
    if not isinstance(value, Tensor):
        if number(value) is None:
            others.append(value)
        return
    if value.op in LOSSES:
        found.append((value, sign))
    elif value.op in {"mean", "sum", "scaled", "neg", "part"} and value.inputs:
        _signs(value.inputs[0], -sign if value.op == "neg" else sign, found, others)
    elif value.op in {"add", "sub"} and len(value.inputs) == 2:
        _signs(value.inputs[0], sign, found, others)
        _signs(value.inputs[1], -sign if value.op == "sub" else sign, found, others)
    elif value.op in {"mult", "div"} and len(value.inputs) == 2:
        _product(value, sign, found, others)
    else:
        others.append(value)


def _product(value: Tensor, sign: int, found: list[tuple[Tensor, int]], others: list[Value]) -> None:
    left, right = value.inputs
    factor, rest = (right, left) if number(left) is None else (left, right)
    known = number(factor)
    if known is None and value.op == "mult" and _mask(factor):
        known = 1.0
    if known is None and isinstance(rest, Tensor) and isinstance(factor, Tensor) and value.op == "mult":
        others.append(value)
        return
    _signs(rest, sign if known is None or known >= 0 else -sign, found, others)


def negated(training: Training) -> Iterator[SourceFinding]:
    """A single loss with a floor, of a single model, with a minus sign."""
    for back in training.backwards if not training.library else ():
        stepped = {id(s.target) for s in training.steps if s.inner() is back.inner()}
        if len(stepped) > 1:
            continue
        found: list[tuple[Tensor, int]] = []
        others: list[Value] = []
        _signs(back.value, 1, found, others)
        yield from _likelihood(back)
        yield from _log_prob(training, back)
        alone = not others and len(_reached_models(training, back)) <= 1 and _reaches_trained(training, back)
        if found and alone and all(s < 0 for _, s in found):
            node = _minus(back.value)
            told = f"`{found[0][0].op}` enters with a minus sign, and a step makes it larger"
            yield at(source_model.NEGATED, node, told)


def _likelihood(back: Event) -> Iterator[SourceFinding]:
    found = list(terms(back.value, 1))
    if len(found) != 1 or found[0][1] < 0:
        return
    value: Value = found[0][0]
    while isinstance(value, Tensor) and value.op in {"squeeze", "mult", "view", "mean", "sum", "div"} and value.inputs:
        if value.op == "mult" and not _mask(value.inputs[1]):
            return
        value = value.inputs[0]
    if isinstance(value, Tensor) and value.op == "gather" and value.inputs:
        source = last_op(value.inputs[0])
        if source is not None and source.op == "logsoftmax":
            told = "the log probabilities of the labels are the loss: a step makes them smaller"
            yield at(source_model.NEGATED, value, told)


def _log_prob(training: Training, back: Event) -> Iterator[SourceFinding]:
    found = list(terms(back.value, 1))
    likely = [(t, sign) for t, sign in found if t.op == "logprob"]
    others = [t for t, sign in found if t.op != "logprob" and (t.op != "kldiv" or sign > 0)]
    if likely and not others and all(sign > 0 and _of_data(t) for t, sign in likely):
        if _reaches_trained(training, back):
            told = "the log probability of the data is the loss: a step makes it smaller"
            yield at(source_model.NEGATED, likely[0][0], told)


def terms(value: Value, sign: int) -> Iterator[tuple[Tensor, int]]:
    """What a value is a sum of, with signs; a product with anything but a number is a term of its own."""
    if not isinstance(value, Tensor):
        return
    inputs = value.inputs
    if value.op in {"mean", "sum", "scaled", "neg", "squeeze", "view"} and inputs:
        yield from terms(inputs[0], -sign if value.op == "neg" else sign)
    elif value.op in {"add", "sub"} and len(inputs) == 2:
        yield from terms(inputs[0], sign)
        yield from terms(inputs[1], -sign if value.op == "sub" else sign)
    elif value.op in {"mult", "div"} and len(inputs) == 2 and any(number(v) is not None for v in inputs):
        factor, rest = inputs if number(inputs[0]) is not None else inputs[::-1]
        yield from terms(rest, sign if (number(factor) or 0) >= 0 else -sign)
    else:
        yield value, sign


def _of_data(log_prob: Tensor) -> bool:
    made = [t for given in log_prob.inputs[1:] for t in tensors(given)]
    return any(t.op == "batch" for t in made) and all(t.module is None and "sample" not in t.op for t in made)


def _mask(value: Value) -> bool:
    while isinstance(value, Tensor) and value.op in {"float", "to", "type", "long", "bool"} and value.inputs:
        value = value.inputs[0]
    return isinstance(value, Tensor) and value.op == "compare"


def last_op(value: Value) -> Tensor | None:
    """The operation that made a value, behind those that only move it."""
    while isinstance(value, Tensor) and value.op in KEEPING and value.inputs:
        value = value.inputs[0]
    if isinstance(value, Choice):
        made = [last_op(o) for o in value.options]
        known = [m for m in made if m is not None]
        return known[0] if len(known) == len(made) and len({m.op for m in known}) == 1 else None
    return value if isinstance(value, Tensor) else None


KEEPING = {
    "squeeze", "view", "reshape", "flatten", "float", "to", "cuda", "cpu", "contiguous", "transpose", "permute",
    "index", "unsqueeze", "part", "double", "clone", "identity", "dropout",
}  # fmt: skip
"""Operations that move or copy a value."""


def _minus(value: Value) -> Tensor:
    for each in tensors(value):
        if each.op in {"neg", "sub"} or (each.op == "mult" and any((number(v) or 0) < 0 for v in each.inputs)):
            return each
    return next(tensors(value))


def _reached_models(training: Training, back: Event) -> list[Thing]:
    live = training.reach(back.value)[0].keys()
    return [m for m in training.models if not live.isdisjoint(training.weights.get(id(m), ()))]


def _reaches_trained(training: Training, back: Event) -> bool:
    return bool(training.reach(back.value)[0].keys() & training.trained)


def summed(training: Training) -> Iterator[SourceFinding]:
    """A summed loss of a batch, alone and undivided."""
    for back in training.backwards if not training.rescaled else ():
        loss = back.value
        while isinstance(loss, Tensor) and loss.op in {"scaled", "sum"} and loss.inputs:
            summing = loss.op == "sum"
            loss = loss.inputs[0]
            if summing and isinstance(loss, Tensor) and loss.op in LOSSES and reduction(loss) == "none":
                break
        else:
            summing = False
        if (
            isinstance(loss, Tensor)
            and loss.op in LOSSES
            and (summing or reduction(loss) == "sum")
            and any(loop.batches for loop in back.loops)
        ):
            where = loss.module if loss.module is not None and not summing else loss
            told = "the loss of a batch is a sum, and nothing divides it before backward"
            yield at(source_model.SUMMED, where, told)


def zero_weight(training: Training) -> Iterator[SourceFinding]:
    """A term multiplied by a constant zero."""
    for back in training.backwards:
        for each in tensors(back.value):
            if each.op == "mult" and any(number(v) == 0 for v in each.inputs) and _weighs(training, each):
                if all(t.op != "parameter" for t in tensors(each)):
                    written = isinstance(each.node, ast.BinOp) and isinstance(each.node.left, ast.Constant)
                    severity = Severity.NOTE if written else None  # a zero in the line itself is meant
                    told = "a term of the loss is multiplied by 0"
                    yield at(source_model.WEIGHT_ZERO, each, told, severity=severity)


def _weighs(training: Training, product: Tensor) -> bool:
    if any(t.op in LOSSES for t in tensors(product)):
        return True
    reduced = [v for v in product.inputs if isinstance(v, Tensor) and v.op in {"mean", "sum"}]
    return bool(reduced) and bool(training.reach(product)[0].keys() & training.trained)


def swapped(training: Training) -> Iterator[SourceFinding]:
    """A target where the output belongs, and the reverse."""
    for loss in all_losses(training):
        if loss.op in _ORDERED and len(loss.inputs) >= 2:
            first, second = loss.inputs[:2]
            if _from_data(first) and computed(second):
                yield at(source_model.SWAPPED, loss, "the batch's own values come first, the output second")


def _from_data(value: Value) -> bool:
    return isinstance(value, Tensor) and value.op in {"batch", "to", "float", "long", "cuda"} and not computed(value)


def computed(value: Value) -> bool:
    """Whether a module has a part in a value."""
    return any(t.module is not None for t in tensors(value))


def all_losses(training: Training) -> list[Tensor]:
    """The losses of every backward pass, each once."""
    found: dict[int, Tensor] = {}
    for back in training.backwards:
        for each in tensors(back.value):
            if each.op in LOSSES and len(each.inputs) >= 2:
                found[id(each.node)] = each
    return list(found.values())


CHECKS = (negated, summed, zero_weight, swapped)
