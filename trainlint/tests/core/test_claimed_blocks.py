"""Is there a test for each block of README and the pages? Their programs run in test_shown_programs.py."""

import ast
import re
from importlib import import_module
from pathlib import Path

from .fenced import FENCE, PAGES, Block, block, every_block

INDENTED = re.compile(r"(?:(?<=\n\n)|\A) {4}\S.*", re.MULTILINE)
SCREEN = "test_documents.test_the_first_screen_of_the_readme_is_what_is_printed"
LOOP = "test_documents.test_the_loop_on_the_first_screen_is_the_one_that_is_run"
ELSEWHERE = {("README.md", "python", "warmup ="): LOOP, ("README.md", "console", "$ trainlint run"): SCREEN}
"""Blocks that a test takes from their page by itself: page, kind and words of each, and the test beside this one."""
NO_PROGRAM = {("how-it-works.md", "text", "suspected  ->  confirmed")}
"""Drawings."""


def taken() -> set[tuple[str, ...]]:
    """Page, kind and words of each block that a test of test_shown_programs.py asks for."""
    source = Path(__file__).with_name("test_shown_programs.py").read_text(encoding="utf-8")
    tests = [
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    calls = [node for test in tests for node in ast.walk(test) if isinstance(node, ast.Call)]
    asked = [call.args for call in calls if isinstance(call.func, ast.Name) and call.func.id == "block"]
    return {tuple(str(word.value) for word in words if isinstance(word, ast.Constant)) for words in asked} - {()}


def claimed(each: Block) -> bool:
    """True where a test runs a block or compares it, or where it is a drawing."""
    if each.page.startswith("rules/"):  # each is written from an example that test_rule_examples.py runs
        return each.kind == "diff" or (each.page == "rules/programs.md" and each.kind == "text")
    if each.kind == "python" and each.text.startswith(">>> "):
        return each.page != "README.md"  # test_documents.py runs those of the pages
    known = {*taken(), *ELSEWHERE, *NO_PROGRAM}
    return any((each.page, each.kind) == key[:2] and key[2] in each.text for key in known)


def test_every_block_is_claimed() -> None:
    found = every_block()
    assert [each for each in found if not claimed(each)] == [] and len(found) > 250


def test_every_block_has_a_fence_and_a_kind() -> None:
    for name, path in PAGES.items():
        text = path.read_text(encoding="utf-8")
        assert text.count("```") == 2 * len(FENCE.findall(text)), name
        assert not INDENTED.findall(FENCE.sub("", text)), name
    assert {each.kind for each in every_block()} == {"python", "sh", "console", "text", "toml", "diff"}


def test_what_is_claimed_is_there_once() -> None:
    for key in {*taken(), *ELSEWHERE, *NO_PROGRAM}:
        assert block(*key)
    for name in ELSEWHERE.values():
        module, _, test = name.partition(".")
        assert callable(getattr(import_module(f".{module}", __package__), test))


def test_a_block_that_nobody_runs_is_seen() -> None:
    assert not claimed(Block("check.md", "sh", "trainlint check elsewhere.py\n"))
    assert not claimed(Block("README.md", "python", ">>> print(1)\n"))
    assert not claimed(Block("rules/RT1xx.md", "python", "print(1)\n"))
    assert claimed(Block("logs.md", "python", ">>> 1\n1\n"))
    assert INDENTED.findall("Words:\n\n    make all\n") and not INDENTED.findall("- a list\n    goes on\n")
