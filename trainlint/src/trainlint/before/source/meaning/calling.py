"""What does a call give, and what does it do?"""

import ast

from ..walking.events import Frame, Walking
from ..walking.looping import through_super
from ..walking.scopes import Scope
from . import assigning
from .methods import method
from .outside import external
from .torchfacts import GRAPHLESS, is_module, is_optimizer, modal, op_of, result_of_layer
from .values import (
    UNKNOWN,
    Bound,
    Choice,
    Class,
    Const,
    Function,
    Items,
    Named,
    Params,
    Table,
    Tensor,
    Thing,
    Value,
    inner,
    join,
)

DEEPEST = 14


def apply(walker: Walking, called: Value, args: tuple[Value, ...], kwargs: dict[str, Value], node: ast.AST) -> Value:
    """The value of a call."""
    if isinstance(called, Function):
        return inline(walker, called, None, args, kwargs, node)
    if isinstance(called, Class):
        return instantiate(walker, called, args, kwargs, node)
    if isinstance(called, Named):
        return external(walker, called.name, args, kwargs, node)
    if isinstance(called, Bound):
        return _bound(walker, called, args, kwargs, node)
    if isinstance(called, Thing):
        return _call_thing(walker, called, args, kwargs, node)
    if isinstance(called, Choice):
        return join(*(apply(walker, o, args, kwargs, node) for o in called.options))
    return opaque(walker, args, kwargs, node)


def _bound(walker: Walking, called: Bound, args: tuple[Value, ...], kwargs: dict[str, Value], node: ast.AST) -> Value:
    owner = called.owner
    inherited = through_super(walker, owner, called.name, args, kwargs, node)
    if inherited is not None:
        return inherited
    if isinstance(owner, Thing) and owner.cls is not None:
        member = owner.cls.find(called.name)
        if isinstance(member, Function):
            kind = "step" if called.name == "step" and is_optimizer(owner) else f".{called.name}"
            walker.note(kind, node, owner, args[0] if args else UNKNOWN)
            return inline(walker, member, owner, args, kwargs, node)
    return method(walker, called, args, kwargs, node)


def opaque(walker: Walking, args: tuple[Value, ...], kwargs: dict[str, Value], node: ast.AST) -> Value:
    """A call of something unknown: what goes in may be changed there, what comes out depends on it."""
    given = (*args, *kwargs.values())
    for value in given:
        hand_over(value)
    return Tensor("?", node, walker.file, tuple(given))


def hand_over(value: Value, depth: int = 4) -> None:
    """Mark everything in a value as known to somebody else: what becomes of it is not told here."""
    if depth == 0:
        return
    if isinstance(value, Thing):
        if "handed" in value.marks:
            return
        value.marks.add("handed")
    for part in _parts(value):
        hand_over(part, depth - 1)


def _parts(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Thing):
        return (*value.attrs.values(), *value.extra)
    return (value.owner,) if isinstance(value, Params | Bound) else inner(value)


def bind_target(walker: Walking, target: ast.expr, value: Value) -> None:
    """Bind the target of a comprehension or of `:=`."""
    assigning.bind(walker, target, value)


def inline(
    walker: Walking,
    function: Function,
    owner: Value | None,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    node: ast.AST,
) -> Value:
    """Walk a function of the files read, with the arguments of this call."""
    walker.entered.add(function.node)
    active = [f.node for f in walker.frames]
    if function.node in active or len(active) > DEEPEST or walker.left < 0:
        return opaque(walker, args, kwargs, node)
    if owner is not None and not any(d.endswith("staticmethod") for d in function.decorators):
        args = (owner, *args)
    scope = Scope(outer=function.scope)
    _parameters(walker, function, scope, args, kwargs)
    frame = Frame(function.node, function.name, function.file, scope)
    walker.frames.append(frame)
    guards = len(walker.guards)
    if any(mark in d for d in function.decorators for mark in GRAPHLESS):
        walker.guards.append("no_grad")
    if isinstance(function.node, ast.Lambda):
        frame.returns.append(walker.evaluate(function.node.body))
    elif not walker.block(function.node.body) and frame.returns:
        frame.returns.append(Const(None))
    del walker.guards[guards:]
    walker.frames.pop()
    values = [r for r in frame.returns if not (isinstance(r, Const) and r.value is None)]
    return join(*values) if values else Const(None)


def _parameters(
    walker: Walking, function: Function, scope: Scope, args: tuple[Value, ...], kwargs: dict[str, Value]
) -> None:
    spec = function.node.args
    names = [*spec.posonlyargs, *spec.args]
    defaults = dict(zip([a.arg for a in names[len(names) - len(spec.defaults) :]], spec.defaults, strict=True))
    defaults |= {a.arg: d for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None}
    for place, arg in enumerate([*names, *spec.kwonlyargs]):
        if place < len(args) and place < len(names):
            scope.names[arg.arg] = args[place]
        elif arg.arg in kwargs:
            scope.names[arg.arg] = kwargs[arg.arg]
        elif arg.arg in defaults:
            scope.names[arg.arg] = walker.evaluate(defaults[arg.arg])
        else:
            scope.names[arg.arg] = UNKNOWN
    if spec.vararg:
        scope.names[spec.vararg.arg] = Items(list(args[len(names) :]))
    if spec.kwarg:
        known = {a.arg for a in (*names, *spec.kwonlyargs)}
        scope.names[spec.kwarg.arg] = Table({k: v for k, v in kwargs.items() if k not in known}, more=True)


def instantiate(walker: Walking, cls: Class, args: tuple[Value, ...], kwargs: dict[str, Value], node: ast.AST) -> Thing:
    """Make an object of a class of the files read, by walking its `__init__`."""
    roots = cls.roots
    thing = walker.made(roots[0] if roots else "object", node, args, kwargs)
    thing.cls = cls
    if not cls.whole:
        thing.marks.add("unclear")
    start = cls.find("__init__")
    if isinstance(start, Function):
        inline(walker, start, thing, args, kwargs, node)
    elif any("dataclass" in ast.unparse(d) for d in cls.node.decorator_list):
        fields = [s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        thing.attrs.update(zip(fields, args, strict=False))
        thing.attrs.update(kwargs)
    return thing


def _call_thing(
    walker: Walking, thing: Thing, args: tuple[Value, ...], kwargs: dict[str, Value], node: ast.AST
) -> Value:
    walker.note("call", node, thing, args[0] if args else UNKNOWN)
    if modal(thing):
        walker.note("modal", node, thing)
    if thing.origin == "functools.partial" and thing.args:
        return apply(walker, thing.args[0], (*thing.args[1:], *args), {**thing.kwargs, **kwargs}, node)
    if thing.cls is not None:
        for name in ("forward", "__call__"):
            member = thing.cls.find(name)
            if isinstance(member, Function):
                return _through(walker, thing, inline(walker, member, thing, args, kwargs, node), node, args)
    kept = thing.attrs.get("entries")
    if isinstance(kept, Items) and thing.origin == "torch.nn.Sequential":
        return _in_turn(walker, thing, kept, args, node)
    if not is_module(thing) and thing.origin != "?":
        return opaque(walker, args, kwargs, node)
    cut = "no_grad" if "no_grad" in walker.guards else ""
    shape = result_of_layer(thing, args)
    info = {**{f"arg:{k}": v for k, v in kwargs.items()}}
    inputs = (*args, *kwargs.values())
    return Tensor(op_of(thing.origin), node, walker.file, inputs, thing, shape, cut, info)


def _through(walker: Walking, thing: Thing, result: Value, node: ast.AST, args: tuple[Value, ...]) -> Value:
    return (
        result
        if not (isinstance(result, Const) and result.value is None)
        else Tensor("?", node, walker.file, args, thing)
    )


def _in_turn(walker: Walking, thing: Thing, kept: Items, args: tuple[Value, ...], node: ast.AST) -> Value:
    if kept.more or not args:
        return Tensor("?", node, walker.file, (*args, *kept.items), thing)
    value = args[0]
    for layer in kept.items:
        value = apply(walker, layer, (value,), {}, layer.node if isinstance(layer, Thing) else node)
    return value
