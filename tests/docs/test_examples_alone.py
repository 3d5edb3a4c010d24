"""Can the example of a name be copied? It takes the names of its own room as known, and imports all others."""

import ast
import builtins
import doctest
import inspect
from importlib import import_module

import pytest
from test_called_methods import methods

PACKAGE = "ris_pytorch_pipeline"
KNOWN = {"physics": {"math", "torch", "np"}, "importing": {"physics"}, "calibrate": {"physics"}}
"""What docs/api.md says besides: modules, or the room `physics`."""
ROOMS = (
    "physics", "estimate", "estimate.fit", "bounds", "likelihood", "covariance", "importing", "calibrate", "data",
    "nets", "losses", "experiment", "train", "localise", "bench", "search", "serve", "report", "tasks",
)  # fmt: skip


def offered(room: str) -> set[str]:
    return set(import_module(f"{PACKAGE}.{room}").__all__)


def known(room: str) -> set[str]:
    """Names that an example of a room need not import."""
    besides = KNOWN.get(room, set())
    return offered(room) | (offered("physics") if "physics" in besides else besides) | set(dir(builtins))


def missing(docstring: str, names: set[str]) -> set[str]:
    """Names that an example uses and does not make."""
    examples = doctest.DocTestParser().get_examples(docstring)
    nodes = list(ast.walk(ast.parse("".join(example.source for example in examples))))
    used = {node.id: type(node.ctx) for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    made = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    made |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    made |= {str(node.name) for node in nodes if isinstance(node, (ast.ExceptHandler, ast.AsyncFunctionDef))}
    imports = [alias for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names]
    return set(used) - made - {alias.asname or alias.name.split(".")[0] for alias in imports} - names


@pytest.mark.parametrize("room", ROOMS)
def test_an_example_imports_what_is_not_of_its_room(room: str) -> None:
    names, module = known(room), import_module(f"{PACKAGE}.{room}")
    values = {name: getattr(module, name) for name in module.__all__}
    called = {name: value for name, value in values.items() if inspect.isfunction(value) or inspect.isclass(value)}
    kinds = {name: value for name, value in called.items() if inspect.isclass(value)}
    called |= {f"{name}.{each}": getattr(kind, each) for name, kind in kinds.items() for each in methods(kind)}
    lacking = {name: missing(inspect.getdoc(value) or "", names) for name, value in called.items()}
    assert {name: words for name, words in lacking.items() if words} == {}


def test_what_is_missing_is_found() -> None:
    assert missing(">>> from math import pi\n>>> x = [pi for each in y]\n>>> f(x)", {"f"}) == {"y"}
