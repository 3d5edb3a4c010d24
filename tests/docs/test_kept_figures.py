"""Does every measured figure in a table come from `results/`, and does its page say what made it?"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_commands import PAGES, ROOT
from test_install_lines import TRAINLINT

from ris_pytorch_pipeline.bench import read_rows
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.report import KeptFile, read_kept_table, tables_in

EVIDENCE = ROOT / "trainlint/docs/evidence.md"
"""A program writes all of this page. A test below runs it, and trainlint/tests/failures/test_evidence.py a part."""
ALL = [*PAGES, *(page for page in TRAINLINT if page != EVIDENCE)]
BLOCK = re.compile(r"^<!-- table\n.*?^<!-- end of table -->$|^```.*?^```$", re.DOTALL | re.MULTILINE)
PASTED = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`|\]\([^)\n]*\)")
FIGURE = re.compile(r"[-+<]?\d*[.,]?\d[\d .,:/x×\[\]()+-]*(?:\s?(?:[^\W\d]+/?[^\W\d]*|[%°]))?")
SET = {"default", "limit", "size", "value"}
"""Headings of columns that somebody set: nothing there was measured."""

TOLD = {
    "arrays/many-sources-found.csv": "three scenes, before their command was kept",
    "arrays/published-coherent.csv": "the figures of others, and rows of the two tables beside it",
    "arrays/tried-on-a-line.csv": "what was tried, and is not in the code",
    "fit/factor.csv": "half of it is of code without the factor",
    "fit/needed-gain.csv": "computed: test_needed_gains_are_those_of_the_code",
    "fit/right-by-rule.csv": "two of its columns are of earlier code",
    "fit/right-more-tried.csv": "half of it is of earlier code",
    "hybrid/operations.csv": "shares that a profiler showed, in words",
    "proposals/choice.csv": "networks that are not kept",
    "proposals/look-again.csv": "networks that are not kept",
    "proposals/looks.csv": "networks that are not kept",
    "proposals/planes.csv": "untrained looks, whose command was not kept",
    "reliability/container.csv": "commands of podman, in the page's words",
    "reliability/memory-now.csv": "half of it is of earlier code",
    "robust/asked-for.csv": "wishes beside rows of the tables above it",
    "scaling/plan.csv": "computed from the table above it",
    "training/gpu-training.csv": "a card that was lent, before its command was kept",
    "trainlint/log-hands.csv": "first sight of logs of strangers, which happens once",
    "trainlint/log-readers.csv": "first sight of logs of strangers, which happens once",
    "trainlint/strangers-broken.csv": "first sight of programs of strangers, which happens once",
    "trainlint/strangers-check.csv": "first sight of programs of strangers, which happens once",
    "trainlint/strangers-check-later.csv": "first sight of programs of strangers, which happens once",
    "trainlint/strangers-logs.csv": "first sight of logs of strangers, which happens once",
    "trainlint/strangers-sound.csv": "first sight of programs of strangers, which happens once",
    "trainlint/strangers-twins.csv": "first sight of programs of strangers, which happens once",
}
"""Tables without a command that makes them anew, and why."""


def figures(table: str) -> list[str]:
    """Cells that are nothing but a figure, with or without interval and unit, outside of what somebody set.

    Not seen are figures among words, in the first column, in code and in links.
    """
    lines = CODE.sub("", table).splitlines()
    head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    cells = (cell for row in rows for name, cell in list(zip(head, row, strict=True))[1:] if name not in SET)
    return [cell for cell in cells if FIGURE.fullmatch(cell)]


def named(page: Path) -> str:
    """A page below the repository."""
    return page.relative_to(ROOT).as_posix()


def test_a_figure_is_seen() -> None:
    cells = [
        "0.98 [0.91, 1.00]",
        ".42",
        "12",
        "1.2 / 3",
        "-3 dB",
        "5.3 MB",
        "0.3°",
        "2026-11-29",
        "99 %",
        "80 scenes/s",
    ]
    assert figures("| a | b |\n|---|---|\n" + "".join(f"| x | {cell} |\n" for cell in cells)) == cells


def test_words_and_what_is_set_are_none() -> None:
    words = ["", "-", "yes", "12 of the elements", "0 or 1: what counts", "[report](2.md)", "`0.7`", "3.5 GHz, 24 rows"]
    assert not figures("| a | b | default |\n|---|---|---|\n" + "".join(f"| 1 | {each} | 2 |\n" for each in words))


@pytest.mark.parametrize("page", ALL, ids=named)
def test_no_measured_figure_is_pasted(page: Path) -> None:
    pasted = PASTED.findall(BLOCK.sub("", page.read_text(encoding="utf-8")))
    wrong = {table.splitlines()[0]: figures(table) for table in pasted}
    assert not {head: cells for head, cells in wrong.items() if cells}, "keep it by benchmarks/kept_table.py"


@pytest.mark.stress
def test_the_page_of_evidence_is_what_its_program_prints() -> None:
    command = [sys.executable, "-W", "ignore", "benchmarks/evidence.py"]
    done = subprocess.run(command, cwd=ROOT / "trainlint", capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout == EVIDENCE.read_text(encoding="utf-8"), done.stderr[-2000:]


def shown(page: Path) -> list[str]:
    """The kept tables of a page."""
    return [table.file for table in tables_in(page.read_text(encoding="utf-8")) if isinstance(table, KeptFile)]


def test_every_kept_table_stands_on_one_page() -> None:
    kept = {path.relative_to(ROOT / "results").as_posix() for path in (ROOT / "results" / "measured").rglob("*.*")}
    assert sorted(file for page in ALL for file in shown(page)) == sorted(kept)
    assert sum(file.startswith("measured/trainlint/") for file in kept) > 5


@pytest.mark.parametrize("page", [page for page in ALL if shown(page)], ids=named)
def test_a_page_says_what_made_its_tables(page: Path) -> None:
    text = " ".join(page.read_text(encoding="utf-8").split())
    for file in shown(page):
        stated = [(key, said) for key, said in read_kept_table(ROOT / "results" / file).source if key != "shown"]
        for key, said in stated:
            assert said[:7] in text if key == "commit" else said in text, f"{file}: {key} {said}"


def test_every_kept_table_has_a_command_or_says_why_it_has_none() -> None:
    folder = ROOT / "results" / "measured"
    tables = {path.relative_to(folder).as_posix(): read_kept_table(path) for path in folder.rglob("*.csv")}
    made = {name for name, kept in tables.items() if "command" in dict(kept.source) or "command" in kept.head}
    assert set(tables) - made == set(TOLD)
    dated = {name for name, kept in tables.items() if {"commit", "shown"} & set(dict(kept.source))}
    assert {name for name, kept in tables.items() if "command" in dict(kept.source)} <= dated


def test_needed_gains_are_those_of_the_code() -> None:
    kept = read_kept_table(ROOT / "results/measured/fit/needed-gain.csv")
    for numbers, gain in kept.rows:
        antennas = min(int(numbers), 16)
        scenario = preset("pilot", antennas=antennas, snapshots=int(numbers) // antennas, sources=1, snr_db=20.0)
        needed = PilotMl().needed(simulate(scenario, 1, seed=0).observation, 0)
        assert needed == pytest.approx(float(gain), abs=0.6 if "." not in gain else 0.06), numbers


def test_what_lies_behind_the_search_follows_from_the_kept_cells() -> None:
    rows, _ = read_rows(ROOT / "results" / "network" / "cells.parquet")
    found = {
        (row["sweep"], axes["distance_law"], row["method"], axes["sources"], axes["snr_db"]): row["success"]
        for row in rows for axes in [json.loads(row["axes"])]
    }  # fmt: skip
    kept = read_kept_table(ROOT / "results/measured/hybrid/behind-the-search.csv")
    laws = {"uniform in their inverse": "inverse", "uniform": "uniform"}
    for symbols, distances, *columns in kept.rows:
        search = "search" if symbols == "random" else "search-pilot"
        for method, cell in zip(("network", "adaptive"), columns, strict=True):
            for decibels, told in zip((0, 5, 10, 20), cell.split(" / "), strict=True):
                key = (symbols, laws[distances])
                behind = max(found[*key, search, k, decibels] - found[*key, method, k, decibels] for k in range(1, 6))
                assert float(told) == pytest.approx(max(behind, 0.0), abs=5e-4), (symbols, distances, method, decibels)
