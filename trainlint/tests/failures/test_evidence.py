"""Is the page of benchmarks/evidence.py up to date, and does the handbook say what only a check finds?"""

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest
from handbook.page import CALLED
from nursery import Nursery

from .catalogue import CHECKED, WATCHED
from .kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
SECTIONS = """
import catalogued, evidence_strangers, kept_cost
catalogued.section()
evidence_strangers.main()
kept_cost.print_cost()
"""
ELSEWHERE = {"RT128", *(code for _, code, _ in KINDS.values())}
"""A watch makes it too: where several processes run (tests/during/test_watch.py), and in kinds.py."""


def test_every_program_of_the_catalogue_is_counted_on_the_page() -> None:
    wanted = {}
    for table, column in ((WATCHED, 0), (CHECKED, 1)):
        for row, count in Counter(name.split()[0] for name in table).items():
            wanted.setdefault(row, [0, 0])[column] = count
    found = re.findall(r"^\| ([A-E]\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.M)
    assert {row: [int(watch), int(check)] for row, watch, check, *_ in found} == wanted
    assert all(sum(map(int, row[1:3])) == sum(map(int, row[3:])) for row in found)


def test_the_sections_of_the_long_runs_are_what_the_kept_rows_amount_to(nursery: Nursery, tmp_path: Path) -> None:
    program = tmp_path / "sections.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n{SECTIONS}", encoding="utf-8")
    told = nursery.run(str(program), cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("\n|---") > 6 and PAGE.endswith(told.stdout), (
        "python benchmarks/evidence.py > docs/evidence.md"
    )


def test_every_row_of_the_catalogue_has_a_program() -> None:
    sizes = {"A": 21, "B": 12, "C": 7, "D": 8, "E": 7}
    rows = {f"{letter}{i}" for letter, n in sizes.items() for i in range(1, n + 1)}
    assert {name.split()[0] for name in (*WATCHED, *CHECKED)} == rows - {"C3", "C4"}  # rules of other packages


def test_the_handbook_names_what_only_a_called_check_finds() -> None:
    watched = {code for _, code, _ in WATCHED.values()} | ELSEWHERE
    compared = {"RT257"}  # of two runs, see tests/after/test_compare_runs.py
    assert {code for _, code, _ in CHECKED.values()} - watched == CALLED.keys() - compared


@pytest.mark.parametrize("where", sorted(set(CALLED.values())))
def test_the_functions_of_the_handbook_exist(where: str) -> None:
    module, _, name = where.rpartition(".")
    assert callable(vars(importlib.import_module(f"trainlint.{module}"))[name])
