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


LACKING = {
    "physics": 52, "estimate": 23, "estimate.fit": 28, "bounds": 3, "likelihood": 21, "covariance": 33,
    "data": 0, "importing": 13, "calibrate": 14, "nets": 0, "losses": 0, "experiment": 0, "train": 0,
    "localise": 0, "bench": 0, "search": 0, "serve": 0, "report": 0, "tasks": 0,
}  # fmt: skip
"""Functions and classes of each room of docs/api.md without an example. A number here only ever falls."""
ANSWERS = ("estimate.Estimate", "estimate.Status", "search.Recipe", "search.Locating")
CALLED = ("train.joined", "calibrate.calibrate_blind", "bench.read_located", "bench.gospa", "bench.sweep")


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


@pytest.mark.parametrize("name", [*ANSWERS, *CALLED])
def test_what_a_user_calls_and_reads_has_an_example(name: str) -> None:
    room, _, own = name.rpartition(".")
    assert has_example(offered(room)[own])


@pytest.mark.parametrize("room", LACKING)
def test_a_new_name_of_a_room_has_an_example(room: str) -> None:
    lacking = sorted(name for name, value in offered(room).items() if not has_example(value))
    assert len(lacking) == LACKING[room], f"give a new name an example, or lower the number: {', '.join(lacking)}"


def test_every_room_of_the_page_of_names_is_counted() -> None:
    text = next(page for page in PAGES if page.name == "api.md").read_text(encoding="utf-8")
    rooms = {room.removeprefix(f"{PACKAGE}.") for room in re.findall(r"^::: (\S+)", text, re.MULTILINE)}
    assert {room for room in rooms if hasattr(import_module(f"{PACKAGE}.{room}"), "__all__")} == set(LACKING)


def test_the_pages_call_many_names() -> None:
    assert len(called()) > 35
