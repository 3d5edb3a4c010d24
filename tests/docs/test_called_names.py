"""Does every name that README and the pages call show an example in its docstring? The examples run elsewhere."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import pytest
from test_commands import PAGES, python_blocks

from ris_pytorch_pipeline.experiment import Experiment, TrainingExperiment

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


ROOMS = [
    room.removeprefix(f"{PACKAGE}.").removeprefix(PACKAGE)
    for page in PAGES if page.name == "api.md"
    for room in re.findall(r"^::: (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    if hasattr(import_module(room), "__all__")
]  # fmt: skip
"""The rooms of docs/api.md."""


def offered(room: str) -> dict[str, Any]:
    """The functions and classes that a room offers, as its `.pyi` lists them."""
    module = import_module(f"{PACKAGE}.{room}".rstrip("."))
    values = {name: getattr(module, name) for name in module.__all__}
    return {name: value for name, value in values.items() if inspect.isfunction(value) or inspect.isclass(value)}


def has_example(value: Any) -> bool:
    return ">>> " in (inspect.getdoc(value) or "")


def configured(value: Any) -> Iterator[type]:
    """The type of a configuration and of all that it holds."""
    if is_dataclass(value):
        yield type(value)
        for each in fields(value):
            yield from configured(getattr(value, each.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from configured(each)


def test_what_the_package_itself_offers_has_examples() -> None:
    assert [name for name, value in offered("").items() if not has_example(value)] == []


def test_what_configures_a_training_has_examples() -> None:
    kinds = dict.fromkeys([*configured(TrainingExperiment()), *configured(Experiment())])
    assert [kind.__name__ for kind in kinds if not has_example(kind)] == [] and len(kinds) > 9


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_offers_has_an_example(room: str) -> None:
    assert [name for name, value in offered(room).items() if not has_example(value)] == []


def test_the_page_of_names_has_the_rooms() -> None:
    assert {"physics", "estimate", "bench", "report"} < set(ROOMS) and len(ROOMS) > 15


def test_the_pages_call_many_names() -> None:
    assert len(called()) > 35
