"""Is every line of README and the pages that starts a benchmark understood by its program? None is run beyond that."""

import argparse
import re
import runpy
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from test_commands import PAGES, ROOT

LINE = re.compile(r"`python (benchmarks/[^`]*)`|^    python (benchmarks/.*)$", re.MULTILINE)
"""Between backticks, where a line may end within it, or indented."""


class Understood(Exception):
    """The program has parsed its words."""


def lines(pages: Iterable[Path] = PAGES) -> list[str]:
    """What follows `python` in them, each once."""
    found = [line for page in pages for line in LINE.findall(page.read_text(encoding="utf-8"))]
    return sorted({" ".join((inline or indented).split("  #")[0].split()) for inline, indented in found})


@pytest.mark.filterwarnings("ignore")  # those of what benchmarks import
@pytest.mark.parametrize("line", lines())
def test_a_benchmark_takes_the_words_that_a_page_gives_it(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = argparse.ArgumentParser.parse_args

    def parse(parser: argparse.ArgumentParser, *words: Any) -> None:
        parsed(parser, *words)
        raise Understood

    program, *words = shlex.split(line)
    path = ROOT / program
    monkeypatch.syspath_prepend(path if path.is_dir() else path.parent)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse)
    monkeypatch.setattr(sys, "argv", [program, *words])
    with pytest.raises(Understood):
        runpy.run_path(str(path), run_name="__main__")


def test_there_are_many() -> None:
    assert len(lines()) > 30
