"""Did prediction and target broadcast against each other?"""

import torch
from torch import Tensor

from ....rules import losses as rules
from ...losses.criteria import Criterion, parts
from ...losses.graph import edges, name, saved, shape
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe
from ..sightings import Sightings


class Shapes(Probe):
    """Did prediction and target broadcast against each other?"""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """From the graph: every prediction met every label."""
        if not loss.measured or loss.tensor.grad_fn is None:
            return
        at = run.applied + 1
        texts = [text for each in loss.criteria for text in _met(each)]
        for part in parts(loss.tensor):
            texts += [*_multiplied(part.node), *_likely(part.node)]
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
    return [] if name(node).endswith("Loss") else _apart(node, criterion.prediction)


def _likely(node: object) -> list[str]:
    """The squared difference under a variance, as in the likelihood of a normal distribution."""
    top = edges(node)[0][0] if name(node) == "Div" else None
    if top is not None and name(top) == "Neg":
        top = edges(top)[0][0]
    if top is None or name(top) != "Pow":
        return []
    under = edges(top)[0][0]
    live = [child for child, _ in edges(under) if child is not None] if under is not None else []
    return _apart(top, live[0]) if len(live) == 1 and under is not None and name(under) == "Sub" else []


def _apart(node: object, prediction: object | None) -> list[str]:
    """From a saved difference: as many entries as predictions squared, in rows and columns."""
    apart, given = saved(node, "self"), None if prediction is None else _unexpanded(prediction)
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
