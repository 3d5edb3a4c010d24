"""What does an autograd graph tell, and which operation makes a gradient that is not finite?"""

import re
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ...findings import Finding
from ...rules import data as rules

RESHAPED = frozenset(
    {"View", "UnsafeView", "Reshape", "ReshapeAlias", "Squeeze", "Unsqueeze", "ToCopy", "Alias", "Clone"}
)
"""Nodes that leave the order of the entries as it is."""
TURNED = frozenset({"Transpose", "T", "Mt", "Permute"})
"""Nodes that change the order of the axes."""
SELECTED = frozenset({"Slice", "Select", "Index", "IndexSelect", "MaskedSelect", "Gather", "Unbind", "Split", "Narrow"})
"""Nodes that keep some of the entries."""
PASSING = RESHAPED | TURNED | SELECTED | {"Expand"}
"""Nodes that hand entries on without changing a number."""


def name(node: object) -> str:
    """The name of a graph node without its version, such as `MseLoss`."""
    return type(node).__name__.split("Backward")[0]


def edges(node: object) -> tuple[tuple[object | None, int], ...]:
    """The nodes that a node was computed from, each with the index of its output; None for what has no graph."""
    return node.next_functions  # pyright: ignore[reportAttributeAccessIssue]


def chain(node: object | None, most: int) -> Iterator[object]:
    """The nodes from `node` down along the first input that has a graph."""
    while node is not None and most > 0:
        yield node
        most -= 1
        node = next((child for child, _ in edges(node) if child is not None), None)


def walk(loss: Tensor, most: int) -> Iterator[object]:
    """Up to `most` nodes below the loss, breadth first."""
    return walk_from(loss.grad_fn, most)


def walk_from(node: object | None, most: int) -> Iterator[object]:
    """Up to `most` nodes, from one down, breadth first."""
    queue: deque[object] = deque(() if node is None else (node,))
    seen: dict[int, object] = {}
    while queue and len(seen) < most:
        now = queue.popleft()
        if id(now) not in seen:
            seen[id(now)] = now
            yield now
            queue.extend(child for child, _ in edges(now) if child is not None)


def nearby(loss: Tensor, most: int = 64) -> list[object]:
    """Up to `most` nodes below the loss, breadth first."""
    return list(walk(loss, most))


def field(node: object, key: str) -> object:
    """What a node saved for backward under a name; None where it has none, or lets nobody read it."""
    try:
        return getattr(node, f"_saved_{key}")
    except (AttributeError, RuntimeError):  # it has none; or written over in place, or already freed
        return None


def saved(node: object, key: str) -> Tensor | None:
    """A tensor that a node saved for backward; None where the node has no such field."""
    value = field(node, key)
    return value if isinstance(value, Tensor) else None


def shape(node: object, index: int = 0) -> tuple[int, ...] | None:
    """Shape of what a node computed; None where the graph does not tell."""
    if "_input_metadata" not in dir(node):
        return None
    known: Sequence = node._input_metadata  # pyright: ignore[reportAttributeAccessIssue]
    return tuple(known[index].shape) if index < len(known) else None


def below(node: object | None) -> object | None:
    """The first node from `node` down that is more than a change of shape, type or selection."""
    return next((each for each in chain(node, 24) if name(each) not in PASSING), None)


def pieced(node: object | None) -> bool:
    """True where scores were put together, as the likeness to a partner and to all others are."""
    scaled = PASSING | {"LogSoftmax", "Div", "Mul"}
    return name(next((each for each in chain(node, 24) if name(each) not in scaled), None)) in {"Cat", "Stack"}


def producers(outputs: Sequence[Tensor]) -> dict[int, Tensor]:
    """The model's outputs, by the node that computed each."""
    return {id(out.grad_fn): out for out in outputs if out.grad_fn is not None and out.output_nr == 0}


def replayed(node: object | None, known: Mapping[int, Tensor], most: int = 8) -> Tensor | None:
    """The values of what a node computed, from the model's outputs through changes of shape and selections."""
    if node is None or most == 0:
        return None
    if id(node) in known:
        return known[id(node)].detach()
    if name(node) not in PASSING:
        return None
    base = replayed(edges(node)[0][0], known, most - 1)
    out = None if base is None else _again(node, base)
    return out if out is not None and tuple(out.shape) == shape(node) else None


def _again(node: object, base: Tensor) -> Tensor | None:
    kind, wanted = name(node), shape(node)
    dim = index(field(node, "dim"))
    if kind in RESHAPED:
        return None if wanted is None else base.reshape(wanted)
    if kind == "Expand":
        return None if wanted is None else base.expand(wanted)
    if kind == "Slice" and dim is not None:
        cut = slice(*(index(field(node, key)) for key in ("start", "end", "step")))
        return base[(*[slice(None)] * (dim % base.ndim), cut)]
    at = index(field(node, "index"))
    if kind == "Select" and dim is not None and at is not None:
        return base.select(dim, at)
    taken = saved(node, "index")
    if kind == "Gather" and dim is not None and taken is not None:
        return base.gather(dim, taken)
    several = field(node, "indices")
    if kind == "Index" and isinstance(several, tuple):
        return base[tuple(slice(None) if each is None else each for each in several)]
    return None


def index(value: object) -> int | None:
    """A saved index with its sign, since it is saved as an unsigned number of 64 bits; None where it is none."""
    if not isinstance(value, int):
        return None
    return value - (1 << 64) if value >> 63 else value


def each_leaf(loss: Tensor, most: int = 20_000) -> Iterator[Tensor]:
    """The leaf tensors that a loss depends on, nearest first."""
    for node in walk(loss, most):
        if name(node) == "AccumulateGrad":
            yield node.variable  # pyright: ignore[reportAttributeAccessIssue]


def leaves(loss: Tensor, most: int = 20_000) -> list[Tensor]:
    """The leaf tensors that a loss depends on, found in up to `most` nodes of its graph."""
    return list(each_leaf(loss, most))


_NAMED = re.compile(r"Function '(\w+?)(?:Backward\d*)?' returned nan values")


def name_operation(loss: Callable[[], Tensor]) -> list[Finding]:
    """Run one forward and backward under torch's anomaly detection and name the operation whose gradient is not finite.

    Gradients of the parameters are left as this pass makes them.

    Raises:
        RuntimeError: the pass failed for another reason.
    """
    before = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.autograd.set_detect_anomaly(True)
        try:
            loss().backward()
        except RuntimeError as error:
            named = _NAMED.search(str(error))
            if named is None:
                raise
            text = f"the backward of {named[1].lower()} returned NaN{_where(told)}"
            return [rules.GRADIENT.found(text, subject=named[1].lower())]
        finally:
            torch.autograd.set_detect_anomaly(*before)
    return []


def _where(told: list[warnings.WarningMessage]) -> str:
    lines = [line for message in told for line in str(message.message).splitlines() if line.strip().startswith("File ")]
    mine = [line for line in lines if "/torch/" not in line]
    found = re.search(r'File ".*?([^/\\"]+)", line (\d+)', mine[-1]) if mine else None
    return f" (called in {found[1]}, line {found[2]})" if found else ""
