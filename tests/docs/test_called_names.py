"""Does every name that README and the pages call show an example in its docstring? The examples run elsewhere."""

import ast
import inspect
import re
from importlib import import_module
from typing import Any

import pytest
from test_commands import PAGES, python_blocks

PACKAGE = "ris_pytorch_pipeline"


def called() -> dict[str, Any]:
    """Functions and classes of the package, by where pages import them from; a list of names counts as well."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    found = {(PACKAGE, name) for text in texts for name in re.findall(r"\bris\.(\w+)", text)}
    nodes = [node for _, text in python_blocks() for node in ast.walk(ast.parse(text))]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    found |= {(str(node.module), name.name) for node in imports for name in node.names}
    own = [(room, name) for room, name in found if room.split(".")[0] == PACKAGE]
    values = {f"{room}.{name}": getattr(import_module(room), name, None) for room, name in own}
    return {name: value for name, value in values.items() if inspect.isfunction(value) or inspect.isclass(value)}


@pytest.mark.parametrize("name", sorted(called()))
def test_a_name_that_a_page_calls_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(called()[name]) or "")


def test_the_pages_call_many_names() -> None:
    assert len(called()) > 35
