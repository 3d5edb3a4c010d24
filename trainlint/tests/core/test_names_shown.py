"""Has every public name, and every method that a user calls, an example? The examples are run elsewhere."""

import ast
import doctest
import enum
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import trainlint

PAGES = sorted((Path(__file__).parents[2] / "docs").rglob("*.md"))
NAMES: dict[str, Any] = {name: getattr(trainlint, name) for name in trainlint.__all__}
RECEIVED = {"Epoch", "Finding", "Lane", "Line", "Preflight", "Run", "SourceFinding", "Verdict"}
"""Classes whose instances a user gets and does not make: an example prints the name of the type, or uses it."""
TOLD = {"Epoch", "Lane", "Loss", "Probe", "Run", "Step"}
"""What a probe has and is told of: its page has examples of some events, and not of each field."""


class Shown:
    """What examples do with names.

    Args:
        texts: docstrings or pages, with prompts.
    """

    def __init__(self, texts: list[str]) -> None:
        examples = [each for text in texts for each in doctest.DocTestParser().get_examples(text)]
        nodes = [node for each in examples for node in ast.walk(ast.parse(each.source))]
        self.called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        self.attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        self.asked = {
            node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        bases = [base for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases]
        caught = [node.type for node in nodes if isinstance(node, ast.ExceptHandler)]
        self.taken = {node.id for node in (*bases, *caught) if isinstance(node, ast.Name)}
        self.used = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.printed = set(re.findall(r"'(\w+)'", "".join(each.want for each in examples)))

    def has(self, name: str, value: object) -> bool:
        """True where a reader sees what is done with a name: called, extended, caught, or what else its kind is for."""
        if inspect.isfunction(value):
            return name in self.called
        if inspect.isclass(value) and issubclass(value, enum.Enum):
            return name in self.called | self.asked
        if inspect.isclass(value) and name not in RECEIVED:
            return name in self.called | self.taken
        return name in self.used or (name in RECEIVED and name in self.printed)


@pytest.fixture(scope="module")
def shown() -> Shown:
    docstrings = [inspect.getdoc(value) or "" for value in NAMES.values()]
    return Shown([*docstrings, *(page.read_text(encoding="utf-8") for page in PAGES)])


def test_every_name_has_an_example(shown: Shown) -> None:
    assert [name for name, value in NAMES.items() if not shown.has(name, value)] == []


def test_every_name_has_a_place_on_the_page_of_names() -> None:
    page = next(page for page in PAGES if page.name == "api.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == sorted(NAMES)
    for section in re.split(r"^##+ ", page, flags=re.MULTILINE)[1:]:
        if section.startswith("`"):
            assert ">>> " in section and re.search(r"^[A-Z`]", section.partition("\n")[2], re.MULTILINE), section


def test_every_method_that_a_user_calls_is_in_an_example(shown: Shown) -> None:
    kinds = (inspect.isfunction, inspect.isdatadescriptor)
    methods = {
        f"{name}.{each}": each
        for name, value in NAMES.items() if inspect.isclass(value) and name not in TOLD
        for each, member in vars(value).items()
        if each[0] != "_" and any(kind(member) for kind in kinds) and not issubclass(value, trainlint.Probe)
    }  # fmt: skip
    assert len(methods) > 25 and [name for name, each in methods.items() if each not in shown.attributes] == []


def test_a_name_that_is_imported_alone_has_none() -> None:
    nothing = Shown([">>> from trainlint import Watch, judge, Severity, Verdict\n>>> watch = Watch\n>>> judge\n"])
    assert not any(nothing.has(name, NAMES[name]) for name in ("Watch", "judge", "Severity", "Verdict"))
    something = Shown([">>> Watch(1), judge([]), Severity.NOTE, type(judge([])).__name__\n(1, 2, 3, 'Verdict')\n"])
    assert all(something.has(name, NAMES[name]) for name in ("Watch", "judge", "Severity", "Verdict"))
