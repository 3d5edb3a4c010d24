"""What does an assignment change: a name, an attribute, an entry, a gradient?"""

import ast

from ..walking.events import Walking
from . import expressions
from .values import UNKNOWN, Choice, Const, Items, Table, Tensor, Thing, Value, const, is_const, join, mark


def assign(walker: Walking, node: ast.Assign) -> bool:
    """`a = b = value`."""
    value = walker.evaluate(node.value)
    for target in node.targets:
        bind(walker, target, value)
    return False


def annotated(walker: Walking, node: ast.AnnAssign) -> bool:
    """`a: int = value`."""
    if node.value is not None:
        bind(walker, node.target, walker.evaluate(node.value))
    elif isinstance(node.target, ast.Name) and walker.frame.owner is None:
        walker.scope.names.setdefault(node.target.id, UNKNOWN)
    return False


def augmented(walker: Walking, node: ast.AugAssign) -> bool:
    """`a += value`."""
    before, added = walker.evaluate(_loaded(node.target)), walker.evaluate(node.value)
    if isinstance(before, Items):
        before.items.extend(added.items if isinstance(added, Items) else [])
        before.more = before.more or not isinstance(added, Items) or bool(walker.loops)
        return False
    result = expressions.arithmetic(walker, node, type(node.op).__name__, before, added)
    walker.note("add", node, before, added)
    if isinstance(before, Const) and (walker.loops or len(walker.frames) > 1):
        result = UNKNOWN if isinstance(result, Const) else result  # a counter: it will have other values
    bind(walker, node.target, result)
    return False


def _loaded(target: ast.expr) -> ast.expr:
    return target


def shared(walker: Walking, node: ast.Global) -> bool:
    """`global a`: later assignments are those of the module."""
    for name in node.names:
        walker.scope.names.setdefault(name, walker.file.scope.find(name) or UNKNOWN)
    return False


def bind(walker: Walking, target: ast.expr, value: Value) -> None:
    """Bind a target to a value."""
    if isinstance(target, ast.Name):
        walker.scope.names[target.id] = value
        if isinstance(value, Thing):
            walker.note("bound", target, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(walker, target, value)
    elif isinstance(target, ast.Attribute):
        _attribute(walker, target, value)
    elif isinstance(target, ast.Subscript):
        _entry(walker, target, value)
    elif isinstance(target, ast.Starred):
        bind(walker, target.value, Items([], more=True))


def _unpack(walker: Walking, target: ast.Tuple | ast.List, value: Value) -> None:
    wanted = target.elts
    starred = any(isinstance(e, ast.Starred) for e in wanted)
    for place, each in enumerate(wanted):
        if isinstance(value, Items) and len(value.items) == len(wanted) and not starred:
            bind(walker, each, value.items[place])
        else:
            bind(walker, each, UNKNOWN if starred else part(value, place, each))


def part(value: Value, place: int, node: ast.AST) -> Value:
    """One entry of something that is unpacked."""
    if isinstance(value, Tensor):
        return Tensor(value.op if value.op in {"batch", "?"} else "part", node, value.file, (value,), value.module)
    if isinstance(value, Choice):
        return join(
            *(
                o.items[place] if isinstance(o, Items) and place < len(o.items) else part(o, place, node)
                for o in value.options
            )
        )
    if isinstance(value, Items) and value.more and len(value.items) == 1:
        return value.items[0]
    return UNKNOWN


def _attribute(walker: Walking, target: ast.Attribute, value: Value) -> None:
    owner = walker.evaluate(target.value)
    walker.note("attribute", target, owner, value)
    if target.attr == "requires_grad":
        _require(walker, target, owner, value)
    elif target.attr == "grad":
        walker.note("clear" if is_const(value, None) else "grad", target, owner, value)
    elif isinstance(owner, Thing):
        if owner.keep(target.attr, value):
            walker.note("replaced", target, owner, value)
        walker.note("kept", target, owner, value)
    else:
        expressions.hand_over(value)


def _require(walker: Walking, node: ast.AST, owner: Value, value: Value) -> None:
    owners = owner.inputs if isinstance(owner, Tensor) and owner.op == "parameter" else (owner,)
    for thing in owners:
        if isinstance(thing, Thing):
            walker.note("freeze", node, thing, value)
            mark(thing, len(walker.trace), frozen=is_const(value, False), perhaps=not isinstance(value, Const))


def _entry(walker: Walking, target: ast.Subscript, value: Value) -> None:
    owner = walker.evaluate(target.value)
    key = const(walker.evaluate(target.slice)) if not isinstance(target.slice, ast.Slice) else None
    if isinstance(owner, Table):
        if key is None:
            owner.more = True
        owner.entries[key] = value
    elif isinstance(owner, Items):
        owner.items.append(value)
    else:
        if key == "lr":
            walker.note("rate", target, owner, value)
        expressions.hand_over(value)
        if isinstance(owner, Thing) and isinstance(value, Thing):
            owner.extra.append(value)
            if "entries" in owner.attrs:
                walker.note("replaced", target, owner, value)
                walker.note("kept", target, owner, value)
