"""What goes into the loss: raw values where it wants them, equal shapes, and the right axis?"""

from collections.abc import Iterator

from ....rules import source_model
from ..suspicion import SourceFinding
from ..training import Training
from ..values import Choice, Tensor, Value, is_const, whole
from .criteria import all_losses
from .telling import tell

_KEEPING = {
    "squeeze", "view", "reshape", "flatten", "float", "to", "cuda", "cpu", "contiguous", "transpose", "permute", "index",
    "unsqueeze", "part", "double", "clone", "identity", "dropout",
}  # fmt: skip
_WRONG = {
    "crossentropy": {"softmax", "sigmoid", "softmin", "relu"},
    "binarycrossentropywithlogits": {"softmax", "sigmoid", "logsoftmax", "relu", "logsigmoid"},
    "nll": {"softmax", "sigmoid", "linear", "relu", "log1p", "conv2d"},
    "kldiv": {"softmax", "sigmoid", "linear"},
    "binarycrossentropy": {"linear", "logsoftmax", "relu", "tanh", "conv2d", "logsigmoid"},
}
_REGRESSION = {"mse", "l1", "smoothl1", "huber", "binarycrossentropywithlogits", "binarycrossentropy"}


def last_op(value: Value) -> Tensor | None:
    """The operation that made a value, behind those that only move it."""
    while isinstance(value, Tensor) and value.op in _KEEPING and value.inputs:
        value = value.inputs[0]
    if isinstance(value, Choice):
        made = [last_op(o) for o in value.options]
        known = [m for m in made if m is not None]
        return known[0] if len(known) == len(made) and len({m.op for m in known}) == 1 else None
    return value if isinstance(value, Tensor) else None


def activated(training: Training) -> Iterator[SourceFinding]:
    """A softmax or sigmoid before a loss that has its own; raw values where probabilities are due."""
    for loss in all_losses(training):
        made = last_op(loss.inputs[0])
        if made is None or made.op not in _WRONG.get(loss.op, ()):
            continue
        if loss.op in {"crossentropy", "binarycrossentropywithlogits"}:
            told = f"`{made.op}` stands before the loss of line {_line(loss)}, which applies its own"
            yield tell(source_model.ACTIVATED, made.node, made.file, told)
        else:
            told = f"this loss is given the result of `{made.op}`"
            yield tell(source_model.NO_PROBABILITY, loss.node, loss.file, told)


def _line(tensor: Tensor) -> int:
    from ..training import place

    return place(tensor.node, tensor.file)[1]


def broadcast(training: Training) -> Iterator[SourceFinding]:
    """Output and target of shapes that broadcast to a matrix."""
    for loss in all_losses(training):
        if loss.op not in _REGRESSION:
            continue
        output, target = (_shape(v) for v in loss.inputs[:2])
        if output is None or target is None or not _spreads(output, target):
            continue
        told = f"the output has shape {_told(output)} and the target {_told(target)}"
        yield tell(source_model.BROADCAST, loss.node, loss.file, told)


def _shape(value: Value) -> tuple[int | None, ...] | None:
    return value.shape if isinstance(value, Tensor) else None


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
        if made is not None and made.op in {"softmax", "logsoftmax"} and _axis(made) == 0 and _batched(made):
            yield tell(source_model.OVER_BATCH, made.node, made.file, f"`{made.op}` runs over dimension 0, the batch")
    for event in training.of(".argmax", "torch.argmax", ".max", "torch.max"):
        value = event.target if event.kind.startswith(".") else event.target
        axis = whole(event.value)
        if axis == 0 and isinstance(value, Tensor) and value.shape is not None and len(value.shape) == 2 and _from_model(value):
            yield tell(source_model.OVER_BATCH, event.node, event.file, "the class is looked for along dimension 0, the batch")


def _axis(made: Tensor) -> int | None:
    for name in ("arg:dim", "arg:1"):
        if name in made.info:
            return whole(made.info[name])
    return whole(made.module.given("dim", 0)) if made.module is not None else None


def _batched(made: Tensor) -> bool:
    return made.shape is not None and len(made.shape) == 2 and made.shape[0] is None


def _from_model(value: Tensor) -> bool:
    made = last_op(value)
    return made is not None and made.op in {"linear", "softmax", "logsoftmax"} and value.shape is not None and value.shape[0] is None


CHECKS = (activated, broadcast, over_batch)
__all__ = ["CHECKS", "is_const", "last_op"]
