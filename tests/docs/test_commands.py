"""Does every command and every name in README and the pages exist, those of blocks that no test follows too?"""

import ast
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import ris_pytorch_pipeline as ris
from ris_pytorch_pipeline.cli.arguments import build, parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OURS = ("ris_pytorch_pipeline", "trainlint")


def block_lines() -> Iterator[tuple[str, str]]:
    """Page and command of each line in a block, fenced or indented, that begins with `ris`."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in re.findall(r"^(?:    )?(ris [a-z]+ .*)$", text, re.MULTILINE):
            yield page.name, line.split("  #")[0].rstrip(" &")


def inline_options() -> Iterator[tuple[str, str, str]]:
    """Page, command and option of what stands between backticks."""
    names = set(build()[1])
    for page in PAGES:
        for words in re.findall(r"`(ris [a-z]+[^`\n]*)`", page.read_text(encoding="utf-8")):
            name = words.split()[1]
            for option in re.findall(r"(?<=[ \[])--[a-z][a-z-]*", words) if name in names else ():
                yield page.name, name, option


def python_blocks() -> list[tuple[str, str]]:
    """Page and program of each block in Python."""
    found = [(p, re.findall(r"```python\n(.*?)```", p.read_text(encoding="utf-8"), re.DOTALL)) for p in PAGES]
    return [(page.name, text) for page, texts in found for text in texts]


@pytest.mark.parametrize(("page", "line"), sorted(set(block_lines())))
def test_a_command_of_a_block_is_understood(page: str, line: str) -> None:
    assert parse(shlex.split(line)[1:]).command == line.split()[1], page


def test_options_in_sentences_exist() -> None:
    helps = {name: parser.format_help() for name, parser in build()[1].items()}
    seen = list(inline_options())
    wrong = [(page, name, option) for page, name, option in seen if not re.search(rf"{option}\b", helps[name])]
    assert len(seen) > 40 and not wrong


@pytest.mark.parametrize(("page", "text"), python_blocks())
def test_a_program_uses_names_that_exist(page: str, text: str) -> None:
    tree = ast.parse(text, page)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            module = import_module(node.module)
            for name in node.names:
                assert hasattr(module, name.name), f"{page}: {node.module}.{name.name}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ris":
            assert hasattr(ris, node.attr), f"{page}: ris.{node.attr}"
