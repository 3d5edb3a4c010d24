"""Which criteria is a loss made of: kind, sign, predictions and targets, read from its graph before backward."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from . import graph
from .graph import edges, field, name, saved, shape

_NODES = 96
"""Nodes visited between a loss and its criteria."""
_DIRECT = {
    "MseLoss": "squared",
    "SmoothL1Loss": "smooth",
    "HuberLoss": "huber",
    "NllLoss": "classes",
    "NllLoss2D": "classes",
    "BinaryCrossEntropy": "labels",
    "BinaryCrossEntropyWithLogits": "logits",
    "SoftMarginLoss": "margin",
    "MultiMarginLoss": "margins",
}
_ADDING = {"Add", "Sub", "Rsub", "Stack", "Cat"}
_REDUCED = {0: "none", 1: "mean", 2: "sum"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A node that a loss is a linear function of."""

    node: object
    factor: float = 1.0
    weight: Tensor | None = None
    partial: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Criterion:
    """One criterion in a loss."""

    kind: str
    node: object
    factor: float
    prediction: object | None
    value: Tensor | None
    target: Tensor | None
    weight: Tensor | None = None
    setting: Tensor | float | None = None
    whole: bool = True


def parts(loss: Tensor) -> Iterator[Part]:
    """The nodes that a loss is a linear function of: below means, sums, signs and constant factors."""
    return (part for part in addends(loss) if part.node is not None)


def addends(loss: Tensor) -> Iterator[Part]:
    """The parts of a loss, and one without a node for each addend without a graph."""
    waiting = [] if loss.grad_fn is None else [Part(node=loss.grad_fn)]
    seen = 0
    while waiting and seen < _NODES:
        part = waiting.pop()
        seen += 1
        further = _further(part)
        if further is None:
            yield part
            continue
        if name(part.node) in _ADDING and any(each.node is None for each in further):
            yield Part(node=None, factor=-1.0 if name(part.node) in {"Sub", "Rsub"} else 1.0)
        waiting += [each for each in further if each.node is not None]


def _further(part: Part) -> list[Part] | None:
    node, kind = part.node, name(part.node)
    below = [child for child, _ in edges(node)]
    if kind in graph.RESHAPED | graph.TURNED:
        return [replace(part, node=below[0])]
    if kind in graph.SELECTED | {"MaskedFill", "Where"}:
        return [replace(part, node=child, partial=True) for child in below]
    if kind in {"Mean", "Sum"}:
        return [replace(part, node=below[0], factor=part.factor * _shrunk(node, kind))]
    if kind in {"Neg", "Rsub"}:
        return [replace(part, node=child, factor=-part.factor) for child in below]
    if kind in {"Add", "Sub"}:
        factor = field(node, "alpha")
        other = (1.0 if kind == "Add" else -1.0) * (factor if isinstance(factor, int | float) else 1.0)
        return [
            replace(part, node=child, factor=part.factor * f) for child, f in zip(below, (1.0, other), strict=False)
        ]
    if kind in {"Stack", "Cat"}:
        return [replace(part, node=child) for child in below]
    return _rooted(part, below) or (_scaled(part, kind, below) if kind in {"Mul", "Div"} else None)


def _rooted(part: Part, below: list[object | None]) -> list[Part] | None:
    power = 0.5 if name(part.node) == "Sqrt" else field(part.node, "exponent") if name(part.node) == "Pow" else None
    of = saved(part.node, "self") if name(part.node) == "Pow" else saved(part.node, "result")
    if not isinstance(power, int | float) or not 0 < power < 1 or below[0] is None or of is None or of.numel() != 1:
        return None
    at = float(of.detach()) if name(part.node) == "Pow" else float(of.detach()) ** 2
    sides = edges(below[0]) if name(below[0]) == "Add" else ((below[0], 0),)
    live = [child for child, _ in sides if child is not None]  # a small constant keeps the root from zero
    if len(live) != 1 or not at > 0:
        return None
    return [replace(part, node=live[0], factor=part.factor * power * at ** (power - 1), partial=True)]


def _shrunk(node: object, kind: str) -> float:
    sizes, made = field(node, "self_sym_sizes"), shape(node)
    if kind == "Sum" or not isinstance(sizes, Sequence) or made is None:
        return 1.0 if kind == "Sum" else math.nan
    return torch.Size(made).numel() / max(1, torch.Size(sizes).numel())


def _scaled(part: Part, kind: str, below: list[object | None]) -> list[Part] | None:
    if kind == "Mul" and len(below) == 2 and None not in below:
        return _of_scalars(part, below)
    if sum(child is not None for child in below) != 1:
        return None
    at = next(i for i, child in enumerate(below) if child is not None)
    constant = field(part.node, "self" if at else "other")
    if isinstance(constant, Tensor) and constant.numel() == 1:
        constant = float(constant)
    if isinstance(constant, int | float):
        return [replace(part, node=below[at], factor=_times(part.factor, float(constant), kind))]
    if kind == "Div" or not isinstance(constant, Tensor) or part.weight is not None:
        return None
    if tuple(constant.shape) != shape(part.node) and shape(part.node) != shape(below[at] or part.node):
        return None
    return [replace(part, node=below[at], weight=constant.detach())]


def _of_scalars(part: Part, below: list[object | None]) -> list[Part] | None:
    sides = [saved(part.node, key) for key in ("other", "self")]
    if below[0] is below[1] or any(side is None or side.numel() != 1 or side.dtype.is_complex for side in sides):
        return None
    factors = [float(side.detach()) for side in sides if side is not None]
    return [replace(part, node=child, factor=part.factor * other) for child, other in zip(below, factors, strict=True)]


def _times(factor: float, constant: float, kind: str) -> float:
    if kind == "Mul":
        return factor * constant
    return factor / constant if constant else math.nan


def read(loss: Tensor, outputs: Sequence[Tensor] = ()) -> tuple[Criterion, ...]:
    """The criteria of a loss, from its graph."""
    known = graph.producers(outputs)
    every = list(parts(loss))
    from .likelihoods import composed  # which is made of the parts of this file

    found = [c for c in (_criterion(part, known) for part in every) if c is not None]
    return (*(_smoothed(c, every) for c in found), *composed(every, known))


def _criterion(part: Part, known: dict[int, Tensor]) -> Criterion | None:
    kind = name(part.node)
    if kind in _DIRECT:
        return _direct(part, _DIRECT[kind])
    if kind in {"LogSoftmax", "Log"} and part.weight is not None and not bool((part.weight < 0).any()):
        return _shares(part, kind)
    return _distance(part, known)


def _shares(part: Part, kind: str) -> Criterion | None:
    result, weight = saved(part.node, "result" if kind == "LogSoftmax" else "self"), part.weight
    if result is None or weight is None or result.shape != weight.shape or result.ndim < 2:
        return None
    whole = bool(((weight.sum(dim=-1) - 1).abs() < 1e-3).all())
    if kind == "Log":
        ones = result.detach().sum(dim=-1)
        whole &= bool(((ones - 1).abs() < 1e-2).all())
        result = result.detach().clamp_min(1e-30).log()
    if not whole and (kind == "Log" or part.factor > 0):
        return None
    return Criterion(
        kind="shares",
        node=part.node,
        factor=-part.factor * len(result),
        prediction=part.node,
        value=result,
        target=weight,
        whole=not part.partial,
    )


def _direct(part: Part, kind: str) -> Criterion:
    node = part.node
    value, target = saved(node, "self"), saved(node, "target")
    sides = [child for child, _ in edges(node)]
    if len(sides) > 1 and sides[0] is None:  # the target was handed over first
        sides, value, target = sides[::-1], target, value
    both = len(sides) > 1 and sides[1] is not None
    how = field(node, "reduction")
    reduced = _REDUCED.get(how, "none") if isinstance(how, int) else "none"
    count = 1 if value is None or reduced == "mean" else value.numel()
    setting = next((s for s in (field(node, key) for key in ("pos_weight", "delta", "beta")) if s is not None), None)
    ignored = graph.index(field(node, "ignore_index"))
    if target is not None and ignored is not None and ignored >= 0:
        target = target.masked_fill(target == ignored, -100)
    own, clash = saved(node, "weight"), reduced == "none" and part.weight is not None
    return Criterion(
        kind=kind,
        node=node,
        factor=part.factor * count,
        prediction=sides[0],
        value=value,
        target=None if both else target,
        weight=part.weight if clash and kind != "classes" else own,
        setting=setting if isinstance(setting, Tensor | float) else None,
        whole=not part.partial and not (clash and (own is not None or kind == "classes")),
    )


def _distance(part: Part, known: dict[int, Tensor]) -> Criterion | None:
    node, kind = part.node, name(part.node)
    sides = edges(node)
    twice = kind == "Mul" and len(sides) == 2 and sides[0][0] is sides[1][0] is not None
    if not (twice or kind == "Abs" or (kind == "Pow" and field(node, "exponent") == 2)):
        return None
    apart, under = saved(node, "self"), graph.below(sides[0][0])
    if apart is None or under is None or name(under) not in {"Sub", "Add"}:
        return None
    value, target, prediction = compared(under, apart, known)
    return Criterion(
        kind="absolute" if kind == "Abs" else "squared",
        node=node,
        factor=part.factor * apart.numel(),
        prediction=prediction,
        value=value,
        target=target,
        weight=part.weight,
        whole=not part.partial,
    )


def compared(under: object, apart: Tensor, known: dict[int, Tensor]) -> tuple[Tensor | None, Tensor | None, object]:
    """Prediction, target and the prediction's node, of a difference."""
    sides = [child for child, _ in edges(under)]
    live = [child for child in sides if child is not None]
    if len(live) != 1 or name(under) == "Add":
        return None, None, live[0] if live else None
    value = graph.replayed(live[0], known)
    if value is None or value.numel() != apart.numel():
        return None, None, live[0]
    value, sign = value.reshape(apart.shape), -1 if sides[0] is live[0] else 1
    return value, value + sign * apart.detach(), live[0]


def _smoothed(criterion: Criterion, every: Sequence[Part]) -> Criterion:
    result = criterion.prediction
    if criterion.kind != "classes" or criterion.value is None:
        return criterion
    twin = next((p for p in every if p.node is graph.below(result) and p.factor < 0 and p.weight is None), None)
    if twin is None:
        return criterion
    # Each log-probability counts -share / classes / rows, and the criterion itself 1 - share.
    share = -twin.factor * criterion.value.numel()
    return replace(criterion, factor=criterion.factor + share, setting=share / (criterion.factor + share))
