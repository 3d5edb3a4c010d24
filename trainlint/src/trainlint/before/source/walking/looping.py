"""What does a loop go over and hand out, batch by batch; which member does `super()` mean?"""

import ast

from ..meaning import calling
from ..meaning.methods import method
from ..meaning.values import (
    UNKNOWN,
    Bound,
    Choice,
    Class,
    Const,
    Function,
    Items,
    Params,
    Table,
    Tensor,
    Thing,
    Value,
    join,
    number,
)
from .events import LOADER, Walking
from .scopes import Scope

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


def parent(walker: Walking, node: ast.AST) -> Value:
    """The object of the method being walked, seen through the bases of the class that defines it."""
    method = walker.frame.node
    spec = method.args if isinstance(method, ast.FunctionDef) else None
    if spec is None or not spec.args:
        return UNKNOWN
    owner = walker.scope.find(spec.args[0].arg)
    if not isinstance(owner, Thing) or owner.cls is None:
        return UNKNOWN
    line = list(owner.cls.lineage())
    here = next((n for n, c in enumerate(line) if method in c.node.body), None)
    if here is None:
        return UNKNOWN
    return _Seen(owner, tuple(line[here + 1 :]))


class _Seen(Bound):
    def __init__(self, owner: Thing, rest: tuple[Class, ...]) -> None:
        super().__init__(owner, "super")
        self.rest = rest


def through_super(
    walker: Walking, seen: Value, name: str, args: tuple[Value, ...], kwargs: dict[str, Value], node: ast.AST
) -> Value | None:
    """The value of `super().name(...)`; None where it is not one."""
    if not isinstance(seen, _Seen):
        return None
    for cls in seen.rest:
        member = cls.members.get(name)
        if isinstance(member, Function):
            return calling.inline(walker, member, seen.owner, args, kwargs, node)
    return method(walker, Bound(seen.owner, name), args, kwargs, node)


TENSORS = "torch.utils.data.TensorDataset"


def dataset_of(loader: Thing) -> Value | None:
    """The data set of a loader."""
    return loader.given("dataset", 0)


def batch_of(walker: Walking, loader: Thing, node: ast.AST) -> Value:
    """One batch: its tensors with their shapes where they can be known."""
    plain = Tensor("batch", node, walker.file, (loader,))
    if loader.given("collate_fn") is not None:
        return plain
    item = _item_of(walker, dataset_of(loader), node)
    return plain if item is None else _collated(walker, item, loader, node)


def _item_of(walker: Walking, dataset: Value | None, node: ast.AST) -> Value | None:
    if not isinstance(dataset, Thing):
        return None
    if dataset.origin == TENSORS and dataset.args:
        return Items([_row(walker, a, node) for a in dataset.args])
    if dataset.origin in {"torch.utils.data.Subset", "torch.utils.data.random_split"} and dataset.args:
        return _item_of(walker, dataset.args[0], node)
    if dataset.cls is not None and isinstance(dataset.cls.find("__getitem__"), Function):
        with walker.aside():
            return calling.apply(
                walker,
                Bound(dataset, "__getitem__"),
                (Tensor("place", node, walker.file, shape=(), cut="place"),),
                {},
                node,
            )
    return None


def _row(walker: Walking, whole: Value, node: ast.AST) -> Value:
    shape = whole.shape[1:] if isinstance(whole, Tensor) and whole.shape else None
    return Tensor("row", node, walker.file, (whole,), shape=shape)


def _collated(walker: Walking, item: Value, loader: Thing, node: ast.AST) -> Value:
    if isinstance(item, Items) and not item.more:
        return Items([_collated(walker, i, loader, node) for i in item.items])
    if isinstance(item, Table) and not item.more:
        return Table({k: _collated(walker, v, loader, node) for k, v in item.entries.items()})
    shape = None
    if isinstance(item, Tensor) and item.shape is not None:
        shape = (None, *item.shape)
    elif isinstance(item, Const):
        shape = (None,)
    return Tensor("batch", node, walker.file, (item, loader), shape=shape)
