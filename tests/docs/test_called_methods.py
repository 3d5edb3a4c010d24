"""Does every method of the classes that docs/api.md offers stand in an executed example? They are run elsewhere."""

import ast
import doctest
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from importlib import import_module
from typing import Any

import pytest
from test_called_names import PACKAGE, ROOMS, offered

UNTYPED = {"replace", "deepcopy", "next", "list", "tuple", "sorted"}
"""Functions that return what their argument holds."""
HOLDING = (ast.Tuple, ast.List, ast.IfExp, ast.NamedExpr, ast.Await, ast.Starred, ast.ListComp, ast.GeneratorExp)
"""Expressions that are what their parts are."""


def methods(kind: type) -> dict[str, type]:
    """Public methods of a class, each with the class of the package that defines it; neither hooks nor fields.

    What a base class from outside the package knows is called by that class; `forward` by who calls the module.
    """
    found: dict[str, type] = {}
    for base in [each for each in kind.__mro__ if each.__module__.startswith(PACKAGE)]:
        fields = vars(base).get("__annotations__", {})
        for name, value in vars(base).items():
            plain = inspect.isfunction(getattr(value, "__func__", value)) and not name.startswith("_")
            hook = name != "forward" and any(hasattr(outer, name) for outer in strangers(base))
            if plain and not hook and name not in fields:
                found.setdefault(name, base)
    return found


def strangers(kind: type) -> list[type]:
    return [base for base in kind.__mro__ if not base.__module__.startswith((PACKAGE, "typing"))]


@cache
def kinds_named() -> dict[str, set[type]]:
    """Classes of the package by name, once all rooms are loaded."""
    found: dict[str, set[type]] = {}
    for room in ROOMS:
        offered(room)
    for module in [value for name, value in sys.modules.items() if name.startswith(PACKAGE)]:
        for name, value in list(vars(module).items()):
            if inspect.isclass(value) and value.__module__.startswith(PACKAGE):
                found.setdefault(name, set()).add(value)
    return found


def annotated(annotation: Any, owner: type | None = None) -> set[type]:
    """Classes of the package that an annotation names."""
    if inspect.isclass(annotation) and annotation.__module__.startswith(PACKAGE):
        return {annotation}
    words = re.findall(r"\w+", annotation if isinstance(annotation, str) else repr(annotation))
    own = {owner} if owner is not None and "Self" in words else set[type]()
    return own.union(*(kinds_named().get(word, ()) for word in words))


def returned(function: Any, owner: type | None = None) -> set[type]:
    """Classes of what a function returns, or a property, or a class that is called."""
    if inspect.isclass(function):
        return {function}
    function = function.fget if isinstance(function, property) else function
    function = function.func if isinstance(function, cached_property) else function
    function = inspect.unwrap(getattr(function, "__func__", function)) if function is not None else None
    return annotated(getattr(function, "__annotations__", {}).get("return"), owner)


def attribute(kinds: set[type], *names: str) -> set[type]:
    """Classes of an attribute, or of what a method of this name returns."""
    found: set[type] = set()
    for kind, name in ((kind, name) for kind in kinds for name in names):
        fields = [vars(base).get("__annotations__", {}) for base in kind.__mro__]
        found.update(*(annotated(each[name], kind) for each in fields if name in each))
        found |= returned(inspect.getattr_static(kind, name, None), kind)
    return found


class Calls(ast.NodeVisitor):
    """Which methods of which classes an example calls, told from the names and the annotations alone."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.values, self.kinds, self.called = dict(names), dict[str, set[type]](), set[tuple[type, str]]()

    def value(self, node: ast.expr) -> Any:
        """The class, function or module that an expression names."""
        if isinstance(node, ast.Name):
            return self.values.get(node.id)
        if isinstance(node, ast.Attribute):
            return getattr(self.value(node.value), node.attr, None)
        return None

    def of(self, node: ast.AST) -> set[type]:
        """Classes of which an expression may be an instance."""
        if isinstance(node, ast.Name):
            return self.kinds.get(node.id, set())
        if isinstance(node, ast.Attribute):
            return attribute(self.of(node.value), node.attr)
        if isinstance(node, ast.Call):
            return self.of_call(node)
        if isinstance(node, ast.Subscript):
            return self.of(node.value)
        parts = ast.iter_child_nodes(node) if isinstance(node, HOLDING) else ()
        return set[type]().union(*(self.of(part) for part in parts))

    def of_call(self, node: ast.Call) -> set[type]:
        if isinstance(node.func, ast.Name) and node.func.id in UNTYPED and node.args:
            return self.of(node.args[0])
        value = self.value(node.func)
        if value is not None:
            owner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
            return returned(value, owner if inspect.isclass(owner) else None)
        kinds = self.of(node.func)  # of a method, what it returns
        return kinds if isinstance(node.func, ast.Attribute) else attribute(kinds, "__call__", "forward")

    def visit_Import(self, node: ast.Import) -> None:
        self.values |= {each.asname or each.name: import_module(each.name) for each in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = import_module(str(node.module))
        self.values |= {each.asname or each.name: getattr(module, each.name, None) for each in node.names}

    def bind(self, target: ast.AST, kinds: set[type]) -> None:
        for name in [each for each in ast.walk(target) if isinstance(each, ast.Name)]:
            self.kinds[name.id] = kinds

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self.bind(target, self.of(node.value))

    def visit_For(self, node: ast.For) -> None:
        self.bind(node.target, self.of(node.iter))
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self.bind(item.optional_vars, self.of(item.context_expr))
        self.generic_visit(node)

    def visit_comprehensions(self, node: Any) -> None:
        for each in node.generators:
            self.bind(each.target, self.of(each.iter))
        self.generic_visit(node)

    visit_ListComp = visit_GeneratorExp = visit_DictComp = visit_SetComp = visit_comprehensions

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.bind(node.target, self.of(node.value))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            owner = self.value(node.func.value)
            kinds = {owner} if inspect.isclass(owner) else self.of(node.func.value)
            self.called |= {(kind, node.func.attr) for kind in kinds}
        elif self.value(node.func) is None:
            self.called |= {(kind, "forward") for kind in self.of(node.func)}


def calls(docstring: str, names: dict[str, Any]) -> set[tuple[type, str]]:
    """Class and method of each call in the examples of a docstring."""
    visitor = Calls(names)
    visitor.visit(ast.parse("".join(each.source for each in doctest.DocTestParser().get_examples(docstring))))
    return visitor.called


def documented(room: str) -> Iterator[tuple[type | None, str]]:
    """Docstrings of what a room offers and of the methods of its classes, after the class they are of."""
    for value in offered(room).values():
        yield value if inspect.isclass(value) else None, inspect.getdoc(value) or ""
        for name, kind in methods(value).items() if inspect.isclass(value) else ():
            yield kind, inspect.getdoc(inspect.getattr_static(kind, name)) or ""


@cache
def called() -> set[tuple[type | None, type, str]]:
    """Class and method of every call in the examples of all rooms, after the class in whose docstring it stands."""
    found: set[tuple[type | None, type, str]] = set()
    for room in ROOMS:
        names = offered("physics") | offered(room)
        for owner, docstring in documented(room):
            found |= {(owner, *each) for each in calls(docstring, names)}
    return found


def shown(kind: type, name: str) -> bool:
    """Whether an example calls a method of the class that defines it, or of a subclass.

    Of what an abstract base declares one example at the base is enough, of a `Protocol` one on a class that keeps it.
    """
    seen = [(owner, other) for owner, other, method in called() if method == name]
    above = [base for base in kind.__mro__[1:] if name in getattr(base, "__abstractmethods__", ())]
    told = any(owner in above and owner in other.__mro__ for owner, other in seen)
    return told or any(kind in other.__mro__ or keeps(other, kind) for _, other in seen)


def keeps(kind: type, protocol: type) -> bool:
    """Whether a class has all methods of a protocol."""
    return getattr(protocol, "_is_protocol", False) and all(hasattr(kind, name) for name in methods(protocol))


@pytest.mark.parametrize("room", ROOMS)
def test_every_method_stands_in_an_example(room: str) -> None:
    kinds = [value for value in offered(room).values() if inspect.isclass(value)]
    own = {(base, name) for kind in kinds for name, base in methods(kind).items()}
    lacking = sorted(f"{base.__name__}.{name}" for base, name in own if not shown(base, name))
    assert lacking == []


def test_a_call_on_another_class_does_not_count() -> None:
    names = offered("physics")
    array, truth = names["Array"], names["Truth"]
    text = ">>> x = Panel(horizontal=4, vertical=4, spacing=0.1).array(0.3)\n>>> torch.ones(3).to('cpu'), {}.to(x)\n"
    assert calls(text, names) == {(names["Panel"], "array")}
    assert calls(f"{text}>>> y = x.to('cpu').like(x.elements)", names) >= {(array, "to"), (array, "like")}
    assert (truth, "to") not in calls(f"{text}>>> x.to('cpu')", names)


def test_there_are_many_methods() -> None:
    assert sum(len(methods(kind)) for room in ROOMS for kind in offered(room).values() if inspect.isclass(kind)) > 200
