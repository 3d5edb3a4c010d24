"""What a loss's graph tells before backward runs: which criterion, fed by which activation, on which shapes."""

from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

_DEPTH = 12
"""Nodes looked at below the loss along the first branch that leads to the model."""

_CRITERIA = {
    **{"MseLoss": "squared", "NllLoss": "classes", "NllLoss2D": "classes"},
    **{"BinaryCrossEntropy": "labels", "BinaryCrossEntropyWithLogits": "labels"},
}
_IN_PLACE = {"View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "ToCopy", "Alias", "Clone"}
"""Nodes that leave the order of the entries as it is."""
_PASSING = (
    "View",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "T",
    "Permute",
    "ToCopy",
    "Alias",
    "Slice",
    "Select",
    "Clone",
)


def name(node: object) -> str:
    """The name of a graph node without its version, such as `MseLoss`."""
    return type(node).__name__.split("Backward")[0]


def chain(node: object | None, most: int = _DEPTH) -> Iterator[object]:
    """The nodes from `node` down along the first input that has a graph."""
    while node is not None and most > 0:
        yield node
        most -= 1
        node = next((child for child, _ in node.next_functions if child is not None), None)  # pyright: ignore[reportAttributeAccessIssue]


def nearby(loss: Tensor, most: int = 64) -> list[object]:
    """Up to `most` nodes below the loss, breadth first."""
    queue: deque[object] = deque(() if loss.grad_fn is None else (loss.grad_fn,))
    seen: dict[int, object] = {}
    while queue and len(seen) < most:
        node = queue.popleft()
        if id(node) not in seen:
            seen[id(node)] = node
            queue.extend(child for child, _ in node.next_functions if child is not None)  # pyright: ignore[reportAttributeAccessIssue]
    return list(seen.values())


def saved(node: object, field: str) -> Tensor | None:
    """A tensor that a node saved for backward; None where the node has no such field."""
    full = f"_saved_{field}"
    value = getattr(node, full) if full in dir(node) else None
    return value if isinstance(value, Tensor) else None


def activation_below(node: object) -> object | None:
    """The first node under a criterion's input that is more than a change of shape or type."""
    for below in list(chain(node))[1:]:
        if name(below) not in _PASSING:
            return below
    return None


def criteria(loss: Tensor) -> list[object]:
    """Nodes near the loss that are criteria."""
    wanted = {"MseLoss", "NllLoss", "NllLoss2D", "BinaryCrossEntropy", "BinaryCrossEntropyWithLogits", "SmoothL1Loss"}
    return [node for node in nearby(loss) if name(node) in wanted]


def criterion(loss: Tensor, output: Tensor | None = None) -> tuple[str, Tensor] | None:
    """What the loss is the mean of, and its targets; None where the graph does not tell, or weights enter.

    Args:
        loss: with its graph.
        output: the model's, from which the targets of a difference are found.

    Returns:
        "squared" or "absolute" errors, or cross entropy of "classes" or of binary "labels"; and the targets.
    """
    nodes = [node for node in chain(loss.grad_fn) if name(node) not in _PASSING]
    mean = bool(nodes) and name(nodes[0]) == "Mean"
    node = nodes[mean] if len(nodes) > mean else None
    if node is None or saved(node, "weight") is not None or saved(node, "pos_weight") is not None:
        return None
    kind = _CRITERIA.get(name(node))
    if kind is not None:
        target = saved(node, "target") if node._saved_reduction == (0 if mean else 1) else None  # pyright: ignore[reportAttributeAccessIssue]
    else:
        kind = "absolute" if name(node) == "Abs" else "squared"
        target = _subtracted(node, output) if mean and _is_distance(node) else None
    return None if target is None else (kind, target)


def _is_distance(node: object) -> bool:
    square = name(node) == "Pow" and node._saved_exponent == 2  # pyright: ignore[reportAttributeAccessIssue]
    return square or name(node) == "Abs"


def _subtracted(node: object, output: Tensor | None) -> Tensor | None:
    """What the model's output is compared with in |output - target| or its square."""
    apart, (below, *_) = saved(node, "self"), (each for each, _ in node.next_functions)  # pyright: ignore[reportAttributeAccessIssue]
    if apart is None or output is None or output.numel() != apart.numel() or below is None or name(below) != "Sub":
        return None
    for sign, (side, _) in zip((-1, 1), below.next_functions, strict=True):
        inner = [each for each in chain(side) if name(each) not in _IN_PLACE or each is output.grad_fn]
        if inner and inner[0] is output.grad_fn:
            return output.detach().reshape(apart.shape) + sign * apart.detach()
    return None


def reduced_shape(loss: Tensor) -> torch.Size | None:
    """Shape of what the first reduction under the loss averages or sums; None where it cannot be told."""
    for node in nearby(loss, 8):
        if name(node) in {"Mean", "Sum"} and "_saved_self_sym_sizes" in dir(node):
            return torch.Size(node._saved_self_sym_sizes)  # pyright: ignore[reportAttributeAccessIssue]
        if name(node) in {"MseLoss", "SmoothL1Loss", "BinaryCrossEntropyWithLogits"}:
            own = saved(node, "self")
            return None if own is None else own.shape
    return None


def leaves(loss: Tensor, most: int = 20_000) -> list[Tensor]:
    """The leaf tensors that a loss depends on, found in up to `most` nodes of its graph."""
    return [node.variable for node in nearby(loss, most) if name(node) == "AccumulateGrad"]  # pyright: ignore[reportAttributeAccessIssue]
