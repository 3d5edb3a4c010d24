"""What does a loader hand out, as far as its data set is read?"""

import ast

from ..walking.state import Walking
from . import calling
from .values import Bound, Const, Function, Items, Table, Tensor, Thing, Value

TENSORS = "torch.utils.data.TensorDataset"


def dataset_of(loader: Thing) -> Value | None:
    """The data set of a loader."""
    return loader.given("dataset", 0)


def batch_of(walker: Walking, loader: Thing, node: ast.AST) -> Value:
    """One batch: its tensors with their shapes where they can be known."""
    plain = Tensor("batch", node, walker.file, (loader,))
    if loader.given("collate_fn") is not None:
        return plain
    item = item_of(walker, dataset_of(loader), node)
    return plain if item is None else _collated(walker, item, loader, node)


def item_of(walker: Walking, dataset: Value | None, node: ast.AST) -> Value | None:
    """One item of a data set."""
    if not isinstance(dataset, Thing):
        return None
    if dataset.origin == TENSORS and dataset.args:
        return Items([_row(walker, a, node) for a in dataset.args])
    if dataset.origin in {"torch.utils.data.Subset", "torch.utils.data.random_split"} and dataset.args:
        return item_of(walker, dataset.args[0], node)
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
