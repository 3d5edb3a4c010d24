"""What do lists, dictionaries, comprehensions and their like stand for?"""

import ast
from collections.abc import Callable

from ..walking.events import Loop, Walking
from ..walking.looping import element
from ..walking.scopes import Scope
from . import calling
from .values import UNKNOWN, Const, Function, Items, Params, Table, Tensor, Value


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
