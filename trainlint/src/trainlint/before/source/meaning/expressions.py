"""What does an expression stand for?"""

import ast
import operator
from collections.abc import Callable
from typing import Any

from ..walking.events import Walking
from ..walking.scopes import canonical
from . import assigning, calling
from .methods import OF_MODULES
from .tensorshapes import broadcast, indexed
from .values import (
    UNKNOWN,
    Bound,
    Choice,
    Class,
    Const,
    Function,
    Items,
    ModuleOf,
    Named,
    Table,
    Tensor,
    Thing,
    Unknown,
    Value,
    is_const,
    join,
    options,
    shared_with,
    whole,
)


def _power(base: float, exponent: float) -> float:
    return float(base) ** float(exponent)  # as floats, so that a large exponent overflows at once


_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "Pow": _power,
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}
_BUILTINS = {
    "enumerate", "zip", "range", "len", "list", "tuple", "set", "dict", "sum", "print", "iter", "next", "float", "int",
    "str", "sorted", "reversed", "filter", "map", "super", "isinstance", "abs", "min", "max", "getattr", "hasattr",
    "round", "bool", "any", "all", "open", "setattr", "vars", "type", "id", "repr", "format", "object",
}  # fmt: skip


def evaluate(walker: Walking, node: ast.expr) -> Value:
    """What the expression stands for; UNKNOWN where reading does not tell."""
    rule = _RULES.get(type(node)) or assigning.DISPLAYS.get(type(node))
    return _others(walker, node) if rule is None else rule(walker, node)


def _others(walker: Walking, node: ast.expr) -> Value:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            evaluate(walker, child)
    return UNKNOWN


def _constant(walker: Walking, node: ast.Constant) -> Value:
    return Const(node.value)


def _name(walker: Walking, node: ast.Name) -> Value:
    found = walker.scope.find(node.id)
    if found is not None:
        return found
    if node.id == "__name__":
        return Const("__main__")
    if node.id in _BUILTINS:
        return Named(node.id)
    return walker.project.star(walker.file, node.id)


def _attribute(walker: Walking, node: ast.Attribute) -> Value:
    return attribute(walker, evaluate(walker, node.value), node.attr, node)


def attribute(walker: Walking, owner: Value, name: str, node: ast.AST) -> Value:
    """What an attribute of a value stands for."""
    if isinstance(owner, Named):
        return Named(canonical(f"{owner.name}.{name}"))
    if isinstance(owner, ModuleOf):
        return walker.project.value(owner.file, name)
    if isinstance(owner, Choice):
        return join(*(attribute(walker, o, name, node) for o in owner.options))
    if isinstance(owner, Class):
        return owner.find(name) or Bound(owner, name)
    if isinstance(owner, Thing):
        return _of_thing(walker, owner, name, node)
    if isinstance(owner, Tensor):
        return _of_tensor(owner, name, node)
    return Bound(owner, name)


def _of_thing(walker: Walking, owner: Thing, name: str, node: ast.AST) -> Value:
    if name in owner.attrs:
        return owner.attrs[name]
    if name == "tensors" and owner.origin == "torch.utils.data.TensorDataset":
        return Items(list(owner.args))
    member = owner.cls.find(name) if owner.cls is not None else None
    if isinstance(member, Function):
        if any(d.endswith(("property", "cached_property")) for d in member.decorators):
            return calling.apply(walker, Bound(owner, name), (), {}, node)
        return Bound(owner, name)
    if member is not None:
        return member
    if "outside" in owner.marks and name not in OF_MODULES:
        child = walker.made("part", node, (), {})
        child.marks |= {"outside", "part"}
        owner.attrs[name] = child
        return child
    return Bound(owner, name)


def _of_tensor(owner: Tensor, name: str, node: ast.AST) -> Value:
    if name == "data":
        return Tensor("data", node, owner.file, (owner,), shape=owner.shape, cut=".data")
    if name in {"T", "mT", "H"}:
        shape = owner.shape[::-1] if owner.shape else None
        return Tensor("transpose", node, owner.file, (owner,), shape=shape)
    if name == "shape" and owner.shape is not None:
        return Items([UNKNOWN if n is None else Const(n) for n in owner.shape])
    if name in {"shape", "dtype", "device", "requires_grad", "ndim", "is_leaf"}:
        return UNKNOWN
    if name == "grad":
        return Tensor("grad", node, owner.file, (owner,), cut=".grad")
    return Bound(owner, name)


def _call(walker: Walking, node: ast.Call) -> Value:
    called = evaluate(walker, node.func)
    args: list[Value] = []
    for arg in node.args:
        value = evaluate(walker, arg)
        inner = value.items if isinstance(arg, ast.Starred) and isinstance(value, Items) else [value]
        args.extend(inner)
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        value = evaluate(walker, keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, Table):
            kwargs.update({str(k): v for k, v in value.entries.items()})
        else:
            kwargs["**"] = value
    return calling.apply(walker, called, tuple(args), kwargs, node)


def arithmetic(walker: Walking, node: ast.AST, name: str, left: Value, right: Value) -> Value:
    """The result of an operation on two values."""
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return Const(_PLAIN[name](left.value, right.value))
        except (ArithmeticError, TypeError, KeyError, ValueError, MemoryError):
            return UNKNOWN
    if isinstance(left, Items) and isinstance(right, Items):
        return Items([*left.items, *right.items], more=left.more or right.more, kind="list")
    if isinstance(left, Items) and name == "Mult":
        return Items(left.items, more=True, kind="list")
    if any(isinstance(o, Tensor | Thing | Choice) for o in (left, right)):
        shape = broadcast(left, right, name)
        cut = "no_grad" if "no_grad" in walker.guards else ""
        return Tensor(name.lower(), node, walker.file, (left, right), shape=shape, cut=cut)
    return UNKNOWN


def _binary(walker: Walking, node: ast.BinOp) -> Value:
    left, right = evaluate(walker, node.left), evaluate(walker, node.right)
    if isinstance(node.op, ast.Mod | ast.Sub):
        walker.note("modulo" if isinstance(node.op, ast.Mod) else "minus", node, left, right)
    return arithmetic(walker, node, type(node.op).__name__, left, right)


def _unary(walker: Walking, node: ast.UnaryOp) -> Value:
    value = evaluate(walker, node.operand)
    if isinstance(node.op, ast.USub):
        if isinstance(value, Const) and isinstance(value.value, int | float):
            return Const(-value.value)
        if isinstance(value, Tensor):
            return Tensor("neg", node, walker.file, (value,), shape=value.shape)
    if isinstance(node.op, ast.Not) and type(value) is Const:
        return Const(not value.value)
    return UNKNOWN


def _compare(walker: Walking, node: ast.Compare) -> Value:
    left, *rest = (evaluate(walker, e) for e in (node.left, *node.comparators))
    if len(rest) == 1:
        name, right = type(node.ops[0]).__name__, rest[0]
        if name in {"Is", "IsNot"} and is_const(right, None) and not isinstance(left, Unknown | Choice | Bound):
            return _is_none(left, name)
        if type(left) is Const and type(right) is Const and name in _PLAIN:
            return arithmetic(walker, node, name, left, right)
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            shape = broadcast(left, right, name)
            made = Tensor("compare", node, walker.file, (left, right), shape=shape, cut="compare")
            if name in {"Eq", "NotEq"}:
                walker.note("compared", node, made)
            return made
    return UNKNOWN


def _is_none(left: Value, name: str) -> Value:
    if isinstance(left, Thing) and "stranger" in left.marks:
        return UNKNOWN
    none = is_const(left, None)
    return Const(none if name == "Is" else not none)


def _choose(walker: Walking, node: ast.IfExp) -> Value:
    test = evaluate(walker, node.test)
    if type(test) is Const:
        return evaluate(walker, node.body if test.value else node.orelse)
    return join(evaluate(walker, node.body), evaluate(walker, node.orelse))


def _either(walker: Walking, node: ast.BoolOp) -> Value:
    values = [evaluate(walker, v) for v in node.values]
    if any(isinstance(v, Unknown) for v in values):
        return UNKNOWN
    return join(*values) if not all(type(v) is Const for v in values) else UNKNOWN


def _subscript(walker: Walking, node: ast.Subscript) -> Value:
    owner = evaluate(walker, node.value)
    key = UNKNOWN if isinstance(node.slice, ast.Slice) else evaluate(walker, node.slice)
    return join(*(_within(walker, node, each, key) for each in options(owner)))


def _within(walker: Walking, node: ast.Subscript, owner: Value, key: Value) -> Value:
    if isinstance(owner, Items):
        place = whole(key)
        if place is not None and not owner.more and -len(owner.items) <= place < len(owner.items):
            return owner.items[place]
        return join(*owner.items) if owner.items and not isinstance(node.slice, ast.Slice) else owner
    if isinstance(owner, Table):
        if isinstance(key, Const) and key.value in owner.entries:
            return owner.entries[key.value]
        kept = join(*owner.entries.values()) if owner.entries else UNKNOWN
        return kept if not owner.more or shared_with(kept) is not None else UNKNOWN
    if isinstance(owner, Tensor):
        if owner.op == "batch" and (owner.shape is None or isinstance(key, Const)):
            return Tensor("batch", node, walker.file, (owner,), info={"key": key})
        return Tensor("index", node, walker.file, (owner, key), shape=indexed(owner.shape, node.slice, key))
    if isinstance(owner, Thing):
        kept = owner.attrs.get("entries")
        if isinstance(kept, Items):
            return _part(owner, kept, key)
        return Tensor("batch", node, walker.file, (owner,)) if owner.origin == "?" else Bound(owner, "[]")
    return UNKNOWN


def _part(owner: Thing, kept: Items, key: Value) -> Value:
    place, named = whole(key), owner.args[0] if owner.args else None
    if isinstance(named, Table) and isinstance(key, Const) and not owner.extra and "copied" not in owner.marks:
        return named.entries.get(key.value, UNKNOWN)
    return kept.items[place] if place is not None and abs(place) < len(kept.items) else join(*kept.items or [UNKNOWN])


def guard(value: Value) -> str:
    """The name of a context that is entered."""
    if isinstance(value, Thing):
        return value.origin
    return value.name if isinstance(value, Named | Bound) else ""


_RULES: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.IfExp: _choose,
    ast.BoolOp: _either,
    ast.Subscript: _subscript,
}
