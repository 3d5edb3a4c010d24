"""What a loss's graph tells before backward runs: which criterion, fed by which activation, on which shapes."""

from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

_DEPTH = 12
"""Nodes looked at below the loss along the first branch that leads to the model."""

_CRITERIA = {"MseLossBackward0": "mse", "NllLossBackward0": "nll", "NllLoss2DBackward0": "nll"}
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


def criterion(loss: Tensor) -> tuple[str, Tensor] | None:
    """Kind ("mse" or "nll") and target of the one criterion near the loss; None where there is none or several."""
    found = criteria(loss)
    kind = _CRITERIA.get(type(found[0]).__name__) if len(found) == 1 else None
    target = saved(found[0], "target") if kind is not None else None
    return None if kind is None or target is None else (kind, target)


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
