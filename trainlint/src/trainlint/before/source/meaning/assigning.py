"""What does an assignment change, and what do lists, dictionaries, comprehensions and their like stand for?"""

import ast
from collections.abc import Callable

from ..walking import reader
from ..walking.events import Loop, Walking
from ..walking.looping import element
from ..walking.scopes import Scope
from . import calling, expressions
from .values import (
    UNKNOWN,
    Choice,
    Const,
    Function,
    Items,
    Params,
    Table,
    Tensor,
    Thing,
    Value,
    const,
    is_const,
    join,
    mark,
)


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
    before, added = walker.evaluate(node.target), walker.evaluate(node.value)
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
        calling.hand_over(value)


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
        calling.hand_over(value)
        computed = isinstance(value, Tensor) and any(t.module is not None for t in reader.tensors(value))
        if computed and isinstance(owner, Tensor) and isinstance(target.value, ast.Name):
            # An answer that is written into a part of a tensor goes where the tensor goes.
            bind(walker, target.value, Tensor("written", target, walker.file, (owner, value)))
        if isinstance(owner, Thing) and isinstance(value, Thing):
            owner.extra.append(value)
            if "entries" in owner.attrs:
                walker.note("replaced", target, owner, value)
                walker.note("kept", target, owner, value)


def _starred(walker: Walking, node: ast.Starred) -> Value:
    value = walker.evaluate(node.value)
    if isinstance(value, Tensor):
        return Items([Tensor("part", node, walker.file, (value,))], more=True)
    return value


def _sequence(walker: Walking, node: ast.Tuple | ast.List | ast.Set) -> Value:
    items, more = [], False
    for e in node.elts:
        value = walker.evaluate(e)
        if isinstance(e, ast.Starred):
            items += value.items if isinstance(value, Items) else [value]
            more = more or not isinstance(value, Items) or value.more
        else:
            items.append(value)
    return Items(items, more, "tuple" if isinstance(node, ast.Tuple) else "list", node)


def _dictionary(walker: Walking, node: ast.Dict) -> Value:
    entries, more = {}, False
    for key, value in zip(node.keys, node.values, strict=True):
        known = walker.evaluate(key) if key is not None else UNKNOWN
        made = walker.evaluate(value)
        if isinstance(known, Const):
            entries[known.value] = made
        else:
            entries[f"?{len(entries)}"], more = made, True
    return Table(entries, more)


def _comprehension(walker: Walking, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp) -> Value:
    inner = Scope(outer=walker.scope)
    outer, walker.frame.scope = walker.frame.scope, inner
    over = [_gone_over(walker, generator) for generator in node.generators]
    loop = Loop(node, walker.file, over[0], walker.frame.name)
    if loop.batches:  # what is called in it may train
        walker.loops.append(loop)
        made = [_in_round(walker, node, number) for number in range(2)][-1]
        walker.loops.pop()
    else:
        made = _made(walker, node)
    walker.frame.scope = outer
    return made


def _gone_over(walker: Walking, generator: ast.comprehension) -> Value:
    over = walker.evaluate(generator.iter)
    calling.bind_target(walker, generator.target, element(walker, over, generator.iter))
    for test in generator.ifs:
        walker.evaluate(test)
    return over


def _in_round(
    walker: Walking, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp, number: int
) -> Value:
    walker.rounds.append(number)
    made = _made(walker, node)
    walker.rounds.pop()
    return made


def _made(walker: Walking, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp) -> Value:
    if isinstance(node, ast.DictComp):
        return Table({"?": walker.evaluate(node.value)}, more=True)
    return _parameters(Items([walker.evaluate(node.elt)], True, "list", node), node)


def _parameters(made: Items, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
    only = made.items[0]
    if isinstance(only, Tensor) and only.op == "parameter" and only.inputs:
        tests = [ast.unparse(t) for g in node.generators for t in g.ifs]
        return Params(only.inputs[0], any("requires_grad" not in t for t in tests))
    return made


def _lambda(walker: Walking, node: ast.Lambda) -> Value:
    return Function(node, walker.file, walker.scope)


def _named(walker: Walking, node: ast.NamedExpr) -> Value:
    value = walker.evaluate(node.value)
    calling.bind_target(walker, node.target, value)
    return value


def _passed(walker: Walking, node: ast.Await | ast.YieldFrom) -> Value:
    return walker.evaluate(node.value)


def _yielded(walker: Walking, node: ast.Yield) -> Value:
    if node.value is not None:
        walker.frame.returns.append(Items([walker.evaluate(node.value)], more=True))
    return UNKNOWN


def _text(walker: Walking, node: ast.JoinedStr) -> Value:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            walker.evaluate(part.value)
    return UNKNOWN


DISPLAYS: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dictionary,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Await: _passed,
    ast.YieldFrom: _passed,
    ast.Yield: _yielded,
    ast.JoinedStr: _text,
    ast.Starred: _starred,
}
"""Kind of expression, and what evaluates it."""
