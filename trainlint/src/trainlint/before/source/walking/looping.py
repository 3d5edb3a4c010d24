"""What does a loop bind, and how often is it worth walking?"""

import ast

from ..meaning.batches import batch_of
from ..meaning.values import UNKNOWN, Choice, Const, Items, Params, Table, Tensor, Thing, Value, join, number
from .events import LOADER
from .scopes import Scope
from .state import Walking

FEW = 6
"""Entries of a list that are walked one by one."""


def rounds_of(over: Value) -> list[Value | None]:
    """The entries of a short list; otherwise two rounds of whatever comes."""
    if isinstance(over, Items) and not over.more and 0 < len(over.items) <= FEW:
        return list(over.items)
    return [None, None]


def widened(scope: Scope, loop: ast.For | ast.AsyncFor | ast.While) -> None:
    """Forget numbers that the loop changes."""
    for node in ast.walk(loop):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if number(scope.names.get(node.id)) is not None:
                scope.names[node.id] = UNKNOWN


def element(walker: Walking, over: Value, node: ast.expr) -> Value:
    """One entry of what a loop goes over."""
    if isinstance(over, Thing):
        return _of_thing(walker, over, node)
    if isinstance(over, Choice):
        return join(*(element(walker, o, node) for o in over.options))
    if isinstance(over, Items):
        return join(*over.items) if over.items else UNKNOWN
    if isinstance(over, Params):
        inputs = (over.owner,)
        return Tensor("parameter", node, walker.file, inputs)
    if isinstance(over, Table):
        return join(*(Const(k) for k in over.entries)) if over.entries and not over.more else UNKNOWN
    if isinstance(over, Tensor):
        shape = over.shape[1:] if over.shape else None
        return Tensor("row", node, walker.file, (over,), shape=shape)
    return UNKNOWN


def _of_thing(walker: Walking, over: Thing, node: ast.expr) -> Value:
    if over.origin == "enumerate":
        return Items([UNKNOWN, element(walker, over.args[0], node)])
    if over.origin == "zip":
        return Items([element(walker, a, node) for a in over.args])
    if over.origin in {"islice", "tqdm", "reversed"} and over.args:
        return element(walker, over.args[0], node)
    if over.origin == "named":
        return Items([UNKNOWN, *[element(walker, a, node) for a in over.args]])
    if over.origin == LOADER:
        return batch_of(walker, over, node)
    if "entries" in over.attrs:
        return element(walker, over.attrs["entries"], node)
    if over.cls is None and over.origin == "?":
        return Tensor("batch", node, walker.file, (over,))
    return UNKNOWN
