"""Is every line of every block of README, CONTRIBUTING and the pages run by some test, or listed with what it is?"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
import test_benchmark_lines
import test_install_lines
import test_large_commands
import test_pages
from page_blocks import PAGES, ROOT, Block, blocks_in, every_block
from test_commands import block_lines

WHOLE = {
    ("README.md", "python", "ris.matched(estimate"): "tests/test_face.py",
    ("docs/hybrid.md", "toml", 'net.beams = "fft"'): "tests/nets/test_transformed_beams.py",
    ("docs/own-measurements.md", "toml", "capture.mat"): "tests/importing/test_own_measurements.py",
    ("docs/own-measurements.md", "toml", "codebook = [0, 84"): "tests/importing/test_own_measurements.py",
    ("docs/own-measurements.md", "toml", "pick = { xyz"): "tests/importing/test_own_measurements.py",
    ("docs/own-measurements.md", "sh", "ris import mapping.toml"): "tests/importing/test_own_measurements.py",
    ("docs/search.md", "", "--storage postgresql"): "tests/search/test_search_docs.py",
    ("docs/serving.md", "sh", "ris serve --port"): "tests/serve/test_serving_docs.py",
    ("docs/serving.md", "python", "urllib.request"): "tests/serve/test_serving_docs.py",
    ("docs/serving.md", "sh", "ris_scenes_total"): "tests/serve/test_serving_docs.py",
    ("docs/serving.md", "sh", "--token token"): "tests/serve/test_serving_docs.py",
}
"""Blocks that a test takes from their page by itself: page, kind and words of each, and the test."""
EQUATIONS = {
    "xyz = r (cosθ": "tests/physics/test_geometry.py",
    "u = cosθ sinφ": "tests/physics/test_geometry.py",
    "S = sqrt(1": "tests/physics/test_steering.py",
    "∂δ/∂t = ": "tests/physics/test_steering.py",
    "y_l = H diag(c_l)": "tests/physics/test_snapshots.py",
    "T = 2 max_p": "tests/estimate/test_scan.py",
}
"""Blocks of docs/signal-model.md that nobody can run: how each begins, and the test that compares the code with it."""


@cache
def calls(name: str, below: str = "tests/docs") -> list[tuple[str, tuple[str, ...]]]:
    """The name of each test file that calls a function within a test, and the words that it passes."""
    found = []
    for path in sorted((ROOT / below).rglob("test_*.py")):
        tests = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        for test in (node for node in tests if node.name.startswith("test_")):
            for call in ast.walk(test):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name:
                    words = [word.value for word in call.args if isinstance(word, ast.Constant)]
                    found.append((path.name, tuple(word for word in words if isinstance(word, str))))
    return found


def pages_followed(file: str) -> set[str]:
    """The names of pages that tests of a file follow from above."""
    return {words[0] for name, words in calls("follow") if name == file}


def is_taken(block: Block) -> bool:
    """Whether a test takes the whole block."""
    taken = [*(words for _, words in calls("block")), *WHOLE]
    known = any(block.page == page and block.kind == kind and words in block.text for page, kind, words in taken)
    followed = block.kind == "python" and Path(block.page).name in pages_followed("test_pages.py")
    return known or followed or any(block.text.startswith(begin) for begin in EQUATIONS)


@cache
def lines_run() -> set[tuple[str, str]]:
    """Page and line of what is run line by line."""
    large = pages_followed("test_large_commands.py")
    ours = {(page, " ".join(line.split())) for page, line in block_lines() if page in large}
    ours -= {(page, line) for page, line in ours if line in test_large_commands.ELSEWHERE}
    plain = {f"python {line}" for line in test_benchmark_lines.lines()}
    made = {*test_install_lines.TARGETS, *test_install_lines.ELSEWHERE, *test_install_lines.AFTER, "make tables"}
    made |= set(test_install_lines.lines(PAGES, "pip"))
    return ours | {(path.name, line) for path in PAGES for line in plain | made}


def unclaimed(blocks: Iterable[Block]) -> Iterator[str]:
    """Each line that no test runs."""
    for block in blocks:
        name = Path(block.page).name
        later = test_pages.LATER.get(name)
        shell = block.kind == "sh" and name in pages_followed("test_pages.py")
        shell = shell and not (later and block.text.startswith(later))
        for line in () if is_taken(block) else block.commands():
            if (name, line) not in lines_run() and not (shell and line.startswith("ris ")):
                yield f"{block.page}: {line}"


def test_every_line_of_every_block_is_run() -> None:
    assert list(unclaimed(every_block())) == []


@pytest.mark.parametrize(("page", "kind", "words"), WHOLE)
def test_a_block_that_another_test_takes_is_there_once(page: str, kind: str, words: str) -> None:
    found = [block for block in every_block() if block.page == page and block.kind == kind and words in block.text]
    assert len(found) == 1 and Path(page).name in (ROOT / WHOLE[page, kind, words]).read_text(encoding="utf-8")


def test_every_equation_is_there_once_and_its_test_too() -> None:
    texts = [block.text for block in every_block() if block.page == "docs/signal-model.md"]
    assert all(sum(text.startswith(begin) for text in texts) == 1 for begin in EQUATIONS)
    assert len(texts) == len(EQUATIONS) and all((ROOT / test).is_file() for test in EQUATIONS.values())


def test_every_fence_and_every_margin_makes_a_block() -> None:
    lines = [line for path in PAGES for line in path.read_text(encoding="utf-8").splitlines()]
    fences = sum(line.lstrip().startswith("```") for line in lines)
    assert fences == 2 * sum(block.kind != "indented" for block in every_block())
    assert len(every_block()) > 60


def test_what_nobody_runs_is_found() -> None:
    first = "Words:\n\n    rm -r runs\n    make test  # all\n\n```python\nprint(1)\n```\n"
    text = first + "\n1. so\n\n   ```sh\n   ris demo \\\n     --json\n   ris diagnose first\n   ```\n"
    assert list(unclaimed(blocks_in(text, "docs/tutorial.md"))) == ["docs/tutorial.md: rm -r runs"]
    assert list(unclaimed(blocks_in(text, "docs/cli.md"))) == [
        f"docs/cli.md: {line}" for line in ("rm -r runs", "print(1)", "ris demo --json", "ris diagnose first")
    ]
