"""Does the last activation fit the loss, and does a clamp eat the gradient?"""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from ...findings import Finding, Severity, Stage
from ...rules import losses as rules
from ...rules import numbers
from ..criteria import Criterion, parts
from ..graph import below, edges, field, name, saved, shape
from ..run import Run
from .probe import Found, Loss, Probe
from .sightings import Sightings

_CLAMPS = {"Clamp", "ClampMin", "ClampMax", "Hardtanh", "Hardsigmoid"}
_SQUASHED = {"Softmax", "Sigmoid", "Relu", "Tanh"}
_LOGARITHMS = {"LogSoftmax", "Log", "LogSigmoid"}
_RAW = {"Addmm", "Mm", "Bmm", "Convolution", "NativeLayerNorm", "LogSoftmax", "Mv", "Addmv", *_SQUASHED}
"""Nodes whose result is known not to be a logarithm, or one over another axis."""
_EATEN = 0.2
"""A clamp that guards a logarithm touches no gradient; one that bounds an answer may touch a few at the edge."""


class Fit(Probe):
    """Last activation against criterion, on the first measured losses."""

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Read the graph; it costs microseconds and nothing on the device."""
        if not loss.measured or loss.tensor.grad_fn is None:
            return
        at = run.applied + 1
        found = {text: severity for each in loss.criteria for text, severity in _misfits(each)}
        found |= dict.fromkeys(_divergences(loss.tensor))
        for text, severity in found.items():
            stage = self._seen.stage(text, at)
            yield rules.MISMATCH.found(text, severity=severity, stage=stage, update=at)
        for each in loss.criteria:
            under = None if each.kind in {"classes", "shares", "logits"} else below(each.prediction)
            if under is not None:
                yield from reach(each.target, under)


def _misfits(criterion: Criterion) -> list[tuple[str, Severity | None]]:
    """What is wrong with the node that a criterion's predictions come from."""
    under = below(criterion.prediction)
    if under is None:
        return []
    if criterion.kind in {"classes", "shares"}:
        return _classes(criterion, under)
    found = [(text, None) for text in _one_over(under)]
    if criterion.kind == "logits" and name(under) in {"Sigmoid", "Softmax"}:
        text = f"{name(under).lower()} before binary_cross_entropy_with_logits, which applies a sigmoid itself"
        return [(text, None), *found]
    return found


def _classes(criterion: Criterion, under: object) -> list[tuple[str, Severity | None]]:
    kind = name(under)
    if kind == "LogSoftmax" and _sums_to_one(criterion.value):
        before = below(edges(under)[0][0])
        if before is not None and name(before) in _SQUASHED:
            return [(f"{name(before).lower()} before cross_entropy, which applies log_softmax itself", None)]
        if before is not None and name(before) in _LOGARITHMS:  # the logarithm of a logarithm's softmax is the same
            return [("log_softmax of log-probabilities: the second one changes nothing", Severity.NOTE)]
        return []
    if kind == "Log" and not _sums_to_one(criterion.value):  # the logarithm may stand over a softmax
        under = below(edges(under)[0][0]) or under
        kind = {"Softmax": "LogSoftmax"}.get(name(under), kind)
    if kind not in _RAW or _sums_to_one(criterion.value):
        return []
    if kind == "LogSoftmax":
        axis = field(under, "dim")
        axis = axis - (1 << 64) if isinstance(axis, int) and axis > 1 << 62 else axis
        batch = ": the batch is normalised, not the classes" if axis == 0 else ", which is not that of the classes"
        return [(f"log_softmax over axis {axis}{batch}", None)]
    told = kind.lower() if kind in _SQUASHED else "raw outputs"
    return [(f"nll_loss on {told}; it expects log-probabilities", None)]


def _sums_to_one(value: Tensor | None) -> bool:
    """True where log-probabilities over the axis of the classes are some; also where nobody can tell."""
    if value is None or value.numel() == 0:
        return True
    axis = 1 if value.ndim > 1 else 0
    return float(value.detach().float().logsumexp(dim=axis).abs().median()) < 0.05


def _one_over(under: object) -> list[str]:
    """A softmax under an error or a binary cross entropy that normalises the samples, or a single number."""
    result = saved(under, "result") if name(under) in {"Softmax", "LogSoftmax"} else None
    axis = field(under, "dim")
    if result is None or not isinstance(axis, int):
        return []
    axis = axis - (1 << 64) if axis > 1 << 62 else axis
    kind = name(under).lower()
    if result.ndim and result.shape[axis] == 1:
        return [f"{kind} over axis {axis}, which has one entry: the answer is always {0 if kind[0] == 'l' else 1}"]
    if result.ndim == 2 and axis == 0 and result.shape[1] > 1:
        return [f"{kind} over axis 0: the batch is normalised, not the classes"]
    return []


def _divergences(loss: Tensor) -> list[str]:
    """kl_div on probabilities: minus the sum of shares of a whole times a softmax."""
    texts = []
    for part in parts(loss):
        weight = part.weight
        if name(part.node) != "Softmax" or weight is None or not part.factor < 0 or weight.ndim < 2:
            continue
        if bool((weight >= 0).all()) and bool(((weight.sum(dim=-1) - 1).abs() < 1e-3).all()):
            texts.append("softmax where kl_div expects log-probabilities")
    return texts


def reach(target: Tensor | None, activation: object) -> list[Finding]:
    """Findings where targets lie outside the range of the last activation.

    Args:
        target: what the criterion compares with.
        activation: the graph node below the criterion.
    """
    limits = {"Sigmoid": (0.0, 1.0), "Softmax": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Relu": (0.0, float("inf"))}
    if target is None or name(activation) not in limits:
        return []
    low, high = limits[name(activation)]
    # One per cent of the targets' spread is forgiven: rounding and label noise.
    slack = 0.01 * float(target.detach().float().std(correction=0)) + 1e-6
    share = float(((target < low - slack) | (target > high + slack)).float().mean())
    if share <= 0.01:
        return []
    kind = name(activation).lower()
    text = f"{share:.0%} of the targets lie outside [{low:g}, {high:g}], all that {kind} can give"
    return [rules.OUT_OF_REACH.found(text, share=share)]


class Clamps(Probe):
    """Share of predictions whose gradient a clamp between output and criterion sets to zero.

    A clamp in a hidden layer is an activation, and one of the loss itself, as in a hinge, is satisfied at its edge.
    """

    def __init__(self) -> None:
        self._row: Counter[str] = Counter()
        self._share: dict[str, float] = {}

    def loss(self, run: Run, loss: Loss) -> Found:
        """Look at the gradients on both sides during the coming backward, and judge after three measured batches."""
        for kind, row in self._row.items():
            stage = Stage.CONFIRMED if row >= 5 else Stage.SUSPECTED
            if loss.measured and row >= 3:
                yield numbers.CLAMP.found(
                    f"{kind.lower()} between output and loss passes no gradient for {self._share[kind]:.0%} of its "
                    f"entries in {row} measured batches in a row",
                    subject=kind.lower(), update=run.applied + 1, share=self._share[kind], stage=stage,
                )  # fmt: skip
            elif loss.measured and row == 0:
                yield numbers.CLAMP.withdrawn("gradients pass again", subject=kind.lower())
        if loss.measured:
            for node in _bounds(loss.criteria):
                node.register_hook(self._look(name(node)))  # pyright: ignore[reportAttributeAccessIssue]

    def _look(self, kind: str) -> object:
        def look(passed: Sequence[Tensor | None], above: Sequence[Tensor | None]) -> None:
            if passed[0] is None or above[0] is None:
                return
            arriving = above[0] != 0
            share = float((arriving & (passed[0] == 0)).sum() / arriving.sum().clamp_min(1))
            self._row[kind] = self._row[kind] + 1 if share > _EATEN else 0
            self._share[kind] = share

        return look


def _bounds(criteria: Sequence[Criterion]) -> list[object]:
    """Clamps that a criterion's predictions come from, with at most a logarithm between."""
    found: dict[int, object] = {}
    for each in criteria:
        under = below(each.prediction)
        if under is not None and name(under) == "Log":
            under = below(edges(under)[0][0])
        if under is not None and name(under) in _CLAMPS:
            found[id(under)] = under
    return list(found.values())


class Shapes(Probe):
    """Did prediction and target broadcast against each other?"""

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """From the graph: every prediction met every label."""
        if not loss.measured or loss.tensor.grad_fn is None:
            return
        at = run.applied + 1
        texts = [text for each in loss.criteria for text in _met(each)]
        texts += [text for part in parts(loss.tensor) for text in _multiplied(part.node)]
        for text in texts[:1]:
            yield rules.BROADCAST.found(text, stage=self._seen.stage("", at), update=at)


def _met(criterion: Criterion) -> list[str]:
    """Predictions that were compared with every target."""
    node = criterion.node
    value, target = criterion.value, criterion.target
    if value is not None and target is not None and value.shape == target.shape and name(node).endswith("Loss"):
        mine, theirs = _repeated(value), _repeated(target)
        if mine and theirs and not mine & theirs and 0 in mine | theirs:
            return [f"{_told(value, mine)} against {_told(target, theirs)} gives {tuple(value.shape)}"]
    apart = saved(node, "self") if not name(node).endswith("Loss") else None
    given = None if criterion.prediction is None else _unexpanded(criterion.prediction)
    if apart is None or given is None or apart.ndim < 2 or torch.Size(given).numel() < 2:
        return []
    square = apart.numel() == torch.Size(given).numel() ** 2 and apart.shape[-1] == apart.shape[-2]
    if square and apart.shape[-1] ** 2 == apart.numel() and _row_and_column(apart):
        return [f"predictions {tuple(given)} against as many targets give {tuple(apart.shape)}"]
    return []


def _unexpanded(node: object) -> tuple[int, ...] | None:
    """Shape of predictions before they were expanded against the target."""
    return shape(edges(node)[0][0]) if name(node) == "Expand" and edges(node)[0][0] is not None else shape(node)


def _repeated(tensor: Tensor) -> set[int]:
    """Axes along which every entry is the same one in memory."""
    return {
        i for i, (size, step) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)) if size > 1 and step == 0
    }


def _told(tensor: Tensor, repeated: set[int]) -> str:
    return str(tuple(1 if i in repeated else size for i, size in enumerate(tensor.shape)))


def _row_and_column(apart: Tensor) -> bool:
    """True where a matrix of differences is that of two vectors, whatever their order."""
    matrix = apart.detach().reshape(apart.shape[-2:]).double()
    left = matrix - matrix[:, :1] - matrix[:1] + matrix[:1, :1]
    return float(left.abs().max()) <= 1e-4 * float(matrix.abs().max()) and float(matrix.std()) > 0


def _multiplied(node: object) -> list[str]:
    """Terms (n,) times weights (n, 1), or the reverse: every term meets every weight."""
    made, sides = shape(node), edges(node)
    live = [(i, child, nr) for i, (child, nr) in enumerate(sides) if child is not None]
    if name(node) != "Mul" or len(sides) != 2 or len(live) != 1 or made is None or len(made) != 2 or made[0] != made[1]:
        return []
    at, child, nr = live[0]
    constant, given = saved(node, "self" if at else "other"), shape(child, nr)
    if constant is None or given is None or not constant.numel() == torch.Size(given).numel() == made[0] > 1:
        return []
    return [f"terms {tuple(given)} times weights {tuple(constant.shape)} give {tuple(made)}"]
