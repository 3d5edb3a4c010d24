"""What goes into the loss: raw values where it wants them, equal shapes, and the right axis?"""

import ast
from collections.abc import Iterator

from ....rules import source_model
from ..meaning.values import UNKNOWN, Tensor, Thing, Value, number, whole
from ..training import SourceFinding, Training, at, place
from ..walking.events import LOADER
from ..walking.reader import tensors
from .criteria import all_losses, computed, last_op

_WRONG = {
    "crossentropy": {"softmax", "sigmoid", "softmin", "relu"},
    "binarycrossentropywithlogits": {"softmax", "sigmoid", "logsoftmax", "relu", "logsigmoid"},
    "nll": {"softmax", "sigmoid", "linear", "relu", "log1p", "conv2d"},
    "kldiv": {"softmax", "sigmoid", "linear"},
    "ctc": {"softmax", "sigmoid", "linear"},
    "binarycrossentropy": {"linear", "logsoftmax", "relu", "tanh", "conv2d", "logsigmoid"},
}
_BY_ENTRY = {"sigmoid", "round", "float", "long", "int", "bool", "compare", "tanh", "exp", "detach", "cpu", "to"}
_REGRESSION = {"mse", "l1", "smoothl1", "huber", "binarycrossentropywithlogits", "binarycrossentropy"}


def activated(training: Training) -> Iterator[SourceFinding]:
    """A softmax or sigmoid before a loss that has its own; raw values where probabilities are due."""
    for loss in all_losses(training):
        made = last_op(loss.inputs[0])
        if made is None or made.op not in _WRONG.get(loss.op, ()):
            continue
        if loss.op in {"crossentropy", "binarycrossentropywithlogits"}:
            told = f"`{made.op}` stands before the loss of line {place(loss.node, loss.file)[1]}, which applies its own"
            yield at(source_model.ACTIVATED, made, told)
        else:
            told = f"this loss is given the result of `{made.op}`"
            yield at(source_model.NO_PROBABILITY, loss, told)


def broadcast(training: Training) -> Iterator[SourceFinding]:
    """Output and target of shapes that broadcast to a matrix."""
    for loss in all_losses(training):
        if loss.op not in _REGRESSION:
            continue
        output, target = (_shape(v) for v in loss.inputs[:2])
        if output is None or target is None or not _spreads(output, target):
            continue
        told = f"the output has shape {_told(output)} and the target {_told(target)}"
        yield at(source_model.BROADCAST, loss, told)


def _shape(value: Value) -> tuple[int | None, ...] | None:
    if not isinstance(value, Tensor):
        return None
    if value.shape is None and value.op == "linear" and value.module is not None:
        width = whole(value.module.given("out_features", 1))
        return (None, 1) if width == 1 else None  # behind a batch of any rank, the last axis has this one entry
    return value.shape


def residuals(training: Training) -> Iterator[SourceFinding]:
    """A difference in the loss whose sides spread to a matrix, by a slice of one column."""
    for back in training.backwards:
        for each in tensors(back.value):
            if each.op != "sub" or each.cut or len(each.inputs) != 2:
                continue
            left, right = each.inputs
            a, b = _shape(left), _shape(right)
            if a is None or b is None or not _spreads(a, b) or _asked_for(left) or _asked_for(right):
                continue
            if _from_batch(left) and _from_batch(right):
                told = f"the two sides have shapes {_told(a)} and {_told(b)}"
                yield at(source_model.BROADCAST, each, told)


def metrics(training: Training) -> Iterator[SourceFinding]:
    """Answers of the model compared with labels of a shape that spreads them to a matrix: a share of nothing."""
    for event in training.of("compared"):
        made = event.target
        if not isinstance(made, Tensor) or not event.first:
            continue
        left, right = made.inputs
        a, b = _elementwise(left), _elementwise(right)
        if a is None or b is None or not _spreads(a, b) or _asked_for(left) or _asked_for(right):
            continue
        made = [computed(v) for v in (left, right)]
        if sorted(made) == [False, True] and _from_batch(right if made[0] else left):
            yield at(source_model.BROADCAST, event, f"the two sides have shapes {_told(a)} and {_told(b)}")


def _elementwise(value: Value) -> tuple[int | None, ...] | None:
    while isinstance(value, Tensor) and value.shape is None and value.op in _BY_ENTRY and value.inputs:
        value = next((v for v in value.inputs if isinstance(v, Tensor)), value.inputs[0])
    return _shape(value)


def _asked_for(value: Value) -> bool:
    if not isinstance(value, Tensor):
        return False
    added = value.op == "unsqueeze" or (value.op == "index" and "None" in ast.unparse(value.node))
    return added or any(_asked_for(v) for v in value.inputs[:1] if value.op in {"float", "to", "index"})


def _from_batch(value: Value) -> bool:
    return any(t.op == "batch" or (t.op == "index" and _drawn(t)) for t in tensors(value))


def _drawn(value: Tensor) -> bool:
    keys = [last_op(k) for k in value.inputs[1:]]
    while keys and keys[-1] is not None and keys[-1].op in {"row", "split", "chunk"} and keys[-1].inputs:
        keys.append(last_op(keys[-1].inputs[0]))
    return any(k is not None and k.op in {"randint", "randperm", "permutation", "choice", "multinomial"} for k in keys)


def other_batch(training: Training) -> Iterator[SourceFinding]:
    """An output of one draw of a loader, compared with the labels of another."""
    for loss in all_losses(training):
        output, target = (_draws(v) for v in loss.inputs[:2])
        if (
            output
            and target
            and not {d[1] for d in output} & {d[1] for d in target}
            and {d[0] for d in output} == {d[0] for d in target}
        ):
            told = "the output comes from another draw of the loader than the target"
            yield at(source_model.OTHER_BATCH, loss, told)


def shuffled_labels(training: Training) -> Iterator[SourceFinding]:
    """Labels in an order that the output knows nothing of, or labels that are all the same."""
    for loss in all_losses(training):
        output, target = loss.inputs[:2]
        keys = {id(k): t for t in tensors(target) if t.op == "index" for k in t.inputs[1:] if _permutes(k, output)}
        if keys and not keys.keys() & {id(t) for t in tensors(output)} and not computed(target):
            made = next(iter(keys.values()))
            told = "the labels are put into another order than the inputs"
            yield at(source_model.SHUFFLED_APART, made, told)
        made = last_op(target)
        if made is not None and _constant(made) and len(training.models) < 3:
            told = "every label of the batch is replaced by the same value"
            yield at(source_model.ONE_LABEL, made, told)


def _permutes(key: Value, output: Value) -> bool:
    if not isinstance(key, Tensor):
        return False
    turned = key.op in {"roll", "flip"} and bool(key.inputs) and any(t is key.inputs[0] for t in tensors(output))
    return turned or key.op in {"randperm", "permutation", "flip"}


def _constant(made: Tensor) -> bool:
    if made.op in {"zeroslike", "oneslike", "fulllike"}:
        first = made.inputs[0] if made.inputs else UNKNOWN
    elif made.op == "mult" and any(number(v) == 0 for v in made.inputs):
        first = next((v for v in made.inputs if isinstance(v, Tensor)), UNKNOWN)
    else:
        return False
    return (
        isinstance(first, Tensor)
        and not computed(first)
        and any(t.op in {"batch", "row", "index"} for t in tensors(first))
    )


def _draws(value: Value) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for each in tensors(value):
        if each.op == "batch":
            found |= {(id(v), id(each.node)) for v in each.inputs if isinstance(v, Thing) and v.origin == LOADER}
    return found


def _spreads(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> bool:
    if len(a) == len(b):
        return False
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return len(shorter) == 1 == len(longer) - 1 and longer[-1] == 1 and shorter[0] != 1


def _told(shape: tuple[int | None, ...]) -> str:
    names = ["B" if n is None and not i else "?" if n is None else str(n) for i, n in enumerate(shape)]
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def over_batch(training: Training) -> Iterator[SourceFinding]:
    """A softmax over the batch, in the loss or in the accuracy."""
    for loss in all_losses(training):
        made = last_op(loss.inputs[0])
        flat = made is not None and len(made.shape or ()) == 1
        labelled = loss.op in {"nll", "crossentropy"} and not flat
        normed = made is not None and made.op in {"softmax", "logsoftmax"} and _axis(made) == 0
        if made is not None and normed and (labelled or _batched(made)):
            yield at(source_model.OVER_BATCH, made, f"`{made.op}` runs over dimension 0, the batch")
        labels = last_op(loss.inputs[1])
        if loss.op in {"nll", "crossentropy"} and labels is not None and labels.op == "argmax" and _axis(labels) == 0:
            yield at(source_model.OVER_BATCH, labels, "the labels are looked for along dimension 0, the batch")
    for event in training.of(".argmax", "torch.argmax", ".max", "torch.max"):
        value = event.target
        table = isinstance(value, Tensor) and len(value.shape or ()) == 2
        if table and whole(event.value) == 0 and _from_model(value):
            yield at(source_model.OVER_BATCH, event, "the class is looked for along dimension 0, the batch")


def attended(training: Training) -> Iterator[SourceFinding]:
    """A softmax over the batch anywhere on the way to a loss: weights of one sample depend on the others."""
    for back in training.backwards:
        for made in tensors(back.value) if back.first else ():
            wide = made.shape is not None and len(made.shape) > 1 and all(n and n > 1 for n in made.shape[1:])
            if (
                made.op == "softmax"
                and wide
                and _axis(made) == 0
                and (_of_a_batch(made.inputs[0]) or _products(made.inputs[0]))
            ):
                told = "`softmax` runs over dimension 0, the batch: the weights of one sample depend on the others"
                yield at(source_model.OVER_BATCH, made, told)


def _of_a_batch(value: Value) -> bool:
    while isinstance(value, Tensor) and value.shape is not None and value.shape[0] is None and value.inputs:
        if value.op == "batch" or (value.op == "index" and _drawn(value)):
            return True
        value = value.inputs[0]
    return False


def _products(value: Value) -> bool:
    while isinstance(value, Tensor) and value.op in {"div", "mult", "add", "maskedfill"} and value.inputs:
        value = value.inputs[0]
    return isinstance(value, Tensor) and value.op == "matmult" and len(value.shape or ()) > 2


def _axis(made: Tensor) -> int | None:
    for name in ("arg:dim", "arg:1"):
        if name in made.info:
            return whole(made.info[name])
    return whole(made.module.given("dim", 0)) if made.module is not None else None


def _batched(made: Tensor) -> bool:
    return len(made.shape or ()) == 2 and made.shape is not None and made.shape[0] is None


def _from_model(value: Value) -> bool:
    made = last_op(value)
    known = made is not None and made.op in {"linear", "softmax", "logsoftmax"}
    return known and isinstance(value, Tensor) and value.shape is not None and value.shape[0] is None


CHECKS = (activated, broadcast, residuals, metrics, other_batch, shuffled_labels, over_batch, attended)
