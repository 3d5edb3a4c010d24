"""What can a name in a source stand for, as far as reading tells, and what is inside it?"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ..walking.scopes import UNKNOWN as UNKNOWN
from ..walking.scopes import Const as Const
from ..walking.scopes import Named as Named
from ..walking.scopes import Scope, SourceFile
from ..walking.scopes import Unknown as Unknown
from ..walking.scopes import Value as Value


@dataclass(eq=False)
class Function(Value):
    """A function or lambda of the files read."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    file: SourceFile
    scope: Scope
    owner: "Class | None" = None

    @property
    def name(self) -> str:
        """Its name; a lambda has none."""
        return "<lambda>" if isinstance(self.node, ast.Lambda) else self.node.name

    @cached_property
    def decorators(self) -> tuple[str, ...]:
        """Texts of its decorators."""
        return () if isinstance(self.node, ast.Lambda) else tuple(ast.unparse(d) for d in self.node.decorator_list)


@dataclass(eq=False)
class Class(Value):
    """A class of the files read."""

    node: ast.ClassDef
    file: SourceFile
    scope: Scope
    bases: tuple[Value, ...]
    members: dict[str, Value] = field(default_factory=dict)

    def lineage(self) -> Iterator["Class"]:
        """The class and its bases, as far as they are read."""
        yield self
        for base in self.bases:
            if isinstance(base, Class):
                yield from base.lineage()

    def find(self, name: str) -> Value | None:
        """The member of this name, of the class or of the nearest base."""
        return next((c.members[name] for c in self.lineage() if name in c.members), None)

    @property
    def roots(self) -> tuple[str, ...]:
        """Names of the bases that other libraries give, such as `torch.nn.Module`."""
        outside = [b.name for c in self.lineage() for b in c.bases if isinstance(b, Named)]
        return tuple(outside)

    @property
    def whole(self) -> bool:
        """True where every base is known."""
        return all(isinstance(b, Class | Named) for c in self.lineage() for b in c.bases)


@dataclass(eq=False)
class Thing(Value):
    """An object made by a call: a layer, a loss, an optimiser, a loader, an object of one's own."""

    origin: str
    node: ast.AST
    file: SourceFile
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = field(default_factory=dict)
    attrs: dict[str, Value] = field(default_factory=dict)
    cls: Class | None = None
    marks: set[str] = field(default_factory=set)
    extra: list[Value] = field(default_factory=list)
    history: list[tuple[int, bool]] = field(default_factory=list)

    def given(self, name: str, place: int | None = None) -> Value | None:
        """The argument of this name, or at this place; None where it was left out."""
        if name in self.kwargs:
            return self.kwargs[name]
        return self.args[place] if place is not None and place < len(self.args) else None

    def keep(self, name: str, value: Value) -> bool:
        """Hold a value under a name; True where it takes the place of another."""
        old = self.attrs.get(name, value)
        if old is not value and isinstance(old, Thing):
            old.marks.add("replaced")
        self.attrs[name] = value
        return old is not value

    def frozen_at(self, order: int) -> bool:
        """True where it was certainly frozen when this much had happened."""
        before = [frozen for when, frozen in self.history if when <= order]
        return bool(before) and before[-1]


@dataclass(eq=False)
class Tensor(Value):
    """Something computed: the operation, what went in, and why no gradient goes back, if none does."""

    op: str
    node: ast.AST
    file: SourceFile
    inputs: tuple[Value, ...] = ()
    module: Thing | None = None
    shape: tuple[int | None, ...] | None = None
    cut: str = ""
    info: dict[str, Value] = field(default_factory=dict)


@dataclass(eq=False)
class Items(Value):
    """A list or tuple; `more` where it has other entries than those listed."""

    items: list[Value]
    more: bool = False
    kind: str = "tuple"
    node: ast.AST | None = None


@dataclass(eq=False)
class Table(Value):
    """A dictionary with constant keys."""

    entries: dict[object, Value]
    more: bool = False


@dataclass(eq=False)
class Bound(Value):
    """An attribute of something, not yet called."""

    owner: Value
    name: str


@dataclass(eq=False)
class Choice(Value):
    """One of several values, depending on the way the program took."""

    options: tuple[Value, ...]


@dataclass(eq=False)
class Params(Value):
    """Parameters of a module; `part` where only some of them."""

    owner: Value
    part: bool = False


@dataclass(eq=False)
class ModuleOf(Value):
    """A file that was read, as an imported module."""

    file: SourceFile


def shared_with(value: Value, ops: tuple[str, ...] = ("data", "detach")) -> Value | None:
    """The owner of the parameters whose storage a value shares, as `p.data` does; None for everything else."""
    if not isinstance(value, Tensor) or value.op not in ops or not value.inputs:
        return None
    first = value.inputs[0]
    return first if value.op == "parameter" else shared_with(first, ("data", "detach", "parameter"))


def options(value: Value) -> tuple[Value, ...]:
    """All that a value may be."""
    return value.options if isinstance(value, Choice) else (value,)


def join(*values: Value) -> Value:
    """What is known after ways that differ have met."""
    if len(values) == 2 and values[0] is values[1]:
        return values[0]
    found: list[Value] = []
    for value in values:
        for option in options(value):
            if not any(_same(option, other) for other in found):
                found.append(option)
    if len(found) == 1:
        return found[0]
    return Choice(tuple(found)) if 1 < len(found) <= 6 else UNKNOWN


def _same(a: Value, b: Value) -> bool:
    if a is b:
        return True
    if type(a) is not type(b) or not isinstance(a, Const | Named):
        return False
    if isinstance(a, Const) and isinstance(b, Const):
        return type(a.value) is type(b.value) and a.value == b.value
    return a == b


def number(value: Value | None) -> float | None:
    """The number, where the value is certainly one."""
    if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
        return float(value.value)
    return None


def whole(value: Value | None) -> int | None:
    """The integer, where the value is certainly one."""
    if isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None


def const(value: Value | None) -> object:
    """The constant behind a value; None for everything else."""
    return value.value if isinstance(value, Const) else None


def is_const(value: Value | None, wanted: object) -> bool:
    """True where the value is this very constant."""
    return isinstance(value, Const) and type(value.value) is type(wanted) and value.value == wanted


def elements(value: Value) -> list[Value]:
    """The entries of a sequence or dictionary; otherwise the value itself."""
    if isinstance(value, Items):
        return list(value.items)
    return list(value.entries.values()) if isinstance(value, Table) else [value]


def inner(value: Value) -> tuple[Value, ...]:
    """What stands inside a choice, a list or a dictionary."""
    if isinstance(value, Choice):
        return value.options
    if isinstance(value, Items):
        return tuple(value.items)
    return tuple(value.entries.values()) if isinstance(value, Table) else ()


def tree(thing: Thing) -> list[Thing]:
    """A thing and everything inside it, each once."""
    found: dict[int, Thing] = {}
    left: list[Value] = [thing]
    seen: set[int] = set()
    while left:
        now = left.pop()
        if id(now) in seen:
            continue
        seen.add(id(now))
        if isinstance(now, Thing):
            found[id(now)] = now
            left.extend(now.attrs.values())
            left.extend(now.extra)
        elif not isinstance(now, Tensor):
            left.extend(inner(now))
    return list(found.values())


def mark(thing: Thing, order: int, *, frozen: bool, perhaps: bool = False) -> None:
    """Freeze a thing with all that is inside it now, or release it."""
    for each in tree(thing):
        each.history.append((order, frozen))
        if frozen or perhaps:
            each.marks.add("frozen" if frozen else "perhaps")
