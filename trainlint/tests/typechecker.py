"""How do the tests check shapes and types at each call, at little cost?

Each function of a package is wrapped as it is imported. beartype checks what it is given and what it returns, with an
int accepted where a float is wanted; jaxtyping checks that one name of an axis has one size within a call. jaxtyping's
own hook does the same at several times the cost: it binds the arguments of each call, checks them before the call and
once more with what is returned, and does so for functions without a shape too. Here a function is made ready when it is
first called, and most shapes are looked at by `quick_shapes`. Only `check` is of use to the tests of trainlint: what it
says of a training depends on whose frames are on the stack, and those of jaxtyping are a library's.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import decode_source
from types import CodeType, FunctionType, ModuleType
from typing import Any

from beartype import BeartypeConf, beartype
from jaxtyping import config, jaxtyped
from quick_shapes import HERE, holds_shape, quick


class Unfit(TypeError):
    """A call has a wrong type or shape."""


check = beartype(conf=BeartypeConf(is_pep484_tower=True, violation_type=Unfit))
KEPT = ".checked2.pyc"
"""How the names of files end that keep compiled modules with checks; another number after a change of `_Marking`."""


def install(package: str) -> None:
    """Have whatever is imported of a package from now on check its calls."""
    sys.meta_path.insert(0, _Finder(package))


def checked(thing: Any) -> Any:
    """A function whose calls are checked, or a dataclass that is checked when one is made."""
    if not inspect.isclass(thing):
        return _function(thing)
    if is_dataclass(thing) and "__init__" in vars(thing):
        thing.__init__ = _function(thing.__init__)
    return thing


def _function(function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):
        return jaxtyped(function, typechecker=check)  # its body runs after the call, outside its scope
    ready: Callable[..., Any] | None = None

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        nonlocal ready
        if config.jaxtyping_disable:
            return function(*args, **named)
        if ready is None:
            ready = _ready(function)
        return ready(*args, **named)

    return call


def _ready(function: Any) -> Callable[..., Any]:
    """What checks a call, made at the first one: until then the types of a text may be unknown."""
    hints = {name: _resolved(hint, function.__globals__) for name, hint in function.__annotations__.items()}
    if not any(map(holds_shape, hints.values())):
        return check(_with_hints(function, hints))
    quicker = {name: quick(hint) for name, hint in hints.items()}
    if None in quicker.values():
        return _scoped(check(_with_hints(function, hints)))
    return _quickly_scoped(check(_with_hints(function, quicker)))


def _with_hints(function: Any, hints: dict[str, Any]) -> Callable[..., Any]:
    """The same function, with other hints."""
    same = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    same.__kwdefaults__, same.__qualname__, same.__annotations__ = function.__kwdefaults__, function.__qualname__, hints
    same.__module__ = function.__module__
    return same


def _resolved(hint: Any, known: dict[str, Any]) -> Any:
    """The type that a text names; nothing is said of one that is imported for readers of the source alone."""
    if not isinstance(hint, str):
        return hint
    try:
        return eval(hint, known)
    except NameError:
        return Any


def _scoped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Each call has names of axes of its own."""

    def call(*args: Any, **named: Any) -> Any:
        with jaxtyped("context"):
            return function(*args, **named)

    return call


def _quickly_scoped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, for names that quick classes keep."""

    def call(*args: Any, **named: Any) -> Any:
        outside, HERE.known = HERE.known, {}
        try:
            return function(*args, **named)
        finally:
            HERE.known = outside

    return call


class _Marking(ast.NodeTransformer):
    """Puts `checked` around each function, below its other decorators, and around each class, above them.

    Not around one that is `async`: whoever takes it asks what kind it is.
    """

    def visit_Module(self, node: ast.Module) -> ast.AST:
        first = next((place for place, line in enumerate(node.body) if not _comes_first(line)), len(node.body))
        node.body.insert(first, ast.Import([ast.alias(__name__, "_typechecker")]))
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list.append(_mark(node))
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list.insert(0, _mark(node))
        return self.generic_visit(node)


def _comes_first(line: ast.stmt) -> bool:
    """Whether it is a docstring or an import from `__future__`."""
    if isinstance(line, ast.ImportFrom):
        return line.module == "__future__"
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _mark(node: ast.stmt) -> ast.expr:
    return ast.copy_location(ast.Attribute(ast.Name("_typechecker", ast.Load()), "checked", ast.Load()), node)


class _Loader(SourceFileLoader):
    """Compiles a module with the marks, and keeps that in a file of its own beside the usual one."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:
        tree = _Marking().visit(ast.parse(data if isinstance(data, str) else decode_source(data), path))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True, optimize=_optimize)

    def get_data(self, path: str) -> bytes:
        return super().get_data(_own(path))

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        super().set_data(_own(path), data, _mode=_mode)


def _own(path: str) -> str:
    return path.removesuffix(".pyc") + KEPT if path.endswith(".pyc") else path


class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname.partition(".")[0] == self._package else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec
