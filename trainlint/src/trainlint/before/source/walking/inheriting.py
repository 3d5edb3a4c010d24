"""What does `super()` mean in the method being walked?"""

import ast

from ..meaning import calling
from ..meaning.methods import method
from ..meaning.values import UNKNOWN, Bound, Class, Function, Thing, Value
from .state import Walking


class Parent(Thing):
    """The object seen through the bases of one of its classes."""


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
