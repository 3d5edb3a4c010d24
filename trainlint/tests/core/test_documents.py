"""Does every page do what it shows, and does README's first screen print what it says?"""

import doctest
import re
from pathlib import Path

import pytest
from nursery import Nursery

from trainlint import rules

ROOT = Path(__file__).parents[2]
PAGES = sorted(str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_hold(name: str) -> None:
    failed, _ = doctest.testfile(str(ROOT / "docs" / name), module_relative=False, encoding="utf-8")
    assert not failed


def test_pages_with_examples_have_them() -> None:
    parser = doctest.DocTestParser()
    counted = {name: len(parser.get_examples((ROOT / "docs" / name).read_text(encoding="utf-8"))) for name in PAGES}
    assert all(counted[name] for name in ("adding-a-rule.md", "fitting-in.md", "ledger.md", "logs.md")), counted


def anchors(target: Path, page: Path) -> set[str]:
    """What may stand behind `#`: headings as forges name them, and anchors of their own."""
    text = (page if target.is_dir() else target).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings} | set(
        re.findall(r'id="([^"]+)"', text)
    )


@pytest.mark.parametrize("name", ["../README.md", *PAGES])
def test_links_and_codes_are_real(name: str) -> None:
    page = ROOT / "docs" / name
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    links = [link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
    assert not [target for target, _, _ in links if target and not (page.parent / target).exists()]
    assert not [(target, at) for target, _, at in links if at and at not in anchors(page.parent / target, page)]
    assert set(re.findall(r"\bRT\d{3}\b", text)) <= {rule.code for rule in rules.RULES}
    assert not re.search(r"`(tests|benchmarks|src|examples)/[^`*]*\.\w+`", text) or all(
        (ROOT / place).exists() for place in re.findall(r"`((?:tests|benchmarks|src|examples)/[^`*\s]*\.\w+)`", text)
    )


def test_the_first_screen_of_the_readme_is_what_is_printed(nursery: Nursery) -> None:
    shown = README.split("$ trainlint run examples/broken_loop.py\n", 1)[1].split("```", 1)[0]
    told = nursery.run("-m", "trainlint", "run", "--no-ledger", "examples/broken_loop.py", cwd=ROOT)
    assert told.returncode == 0
    wanted = shown.replace("\n...\n", "\n").splitlines()
    printed = [*told.stdout.splitlines(), *("Verdict:" + told.stderr.split("Verdict:")[-1]).splitlines()]
    for line in wanted:
        start = line.removesuffix(" ...")
        assert any(each.startswith(start) for each in printed), (line, printed)


def test_the_loop_on_the_first_screen_is_the_one_that_is_run() -> None:
    shown = README.split("```python\n", 1)[1].split("```", 1)[0].strip().splitlines()
    source = [line.split("  #")[0].rstrip() for line in (ROOT / "examples/broken_loop.py").read_text().splitlines()]
    assert [line for line in shown if line.rstrip() not in source] == []
