"""Is the page of benchmarks/diagnosing_evidence.py up to date, and does the handbook say what only a check finds?"""

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from ris_pytorch_pipeline.diagnose.handbook import CALLED, PREFLIGHT

from . import test_trainer_faults
from .catalogue import CHECKED, WATCHED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/diagnosing-evidence.md").read_text(encoding="utf-8")
ELSEWHERE = {"RT128"}
"""A watch makes it too, where several processes run: tests/diagnose/test_watch.py."""


def test_every_program_of_the_catalogue_is_counted_on_the_page() -> None:
    wanted = {}
    for table, column in ((WATCHED, 0), (CHECKED, 1)):
        for row, count in Counter(name.split()[0] for name in table).items():
            wanted.setdefault(row, [0, 0])[column] = count
    found = re.findall(r"^\| ([A-E]\d+) \| (\d+) \| (\d+) \| (?:yes|) ?\| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.M)
    assert {row: [int(watch), int(check)] for row, watch, check, *_ in found} == wanted
    assert all(sum(map(int, row[1:3])) == sum(map(int, row[3:])) for row in found)


def test_every_row_of_the_catalogue_has_a_program() -> None:
    sizes = {"A": 21, "B": 12, "C": 7, "D": 8, "E": 7}
    rows = {f"{letter}{i}" for letter, n in sizes.items() for i in range(1, n + 1)}
    assert {name.split()[0] for name in (*WATCHED, *CHECKED)} == rows


def test_the_readme_says_how_many_a_watch_names_and_how_many_a_check() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{len(WATCHED)} of {len(WATCHED)} broken programs" in text
    assert f"{len(CHECKED)} of {len(CHECKED)} " in text


def test_the_handbook_names_what_only_a_called_check_finds() -> None:
    watched = {code for _, code, _ in WATCHED.values()} | ELSEWHERE
    assert {code for _, code, _ in CHECKED.values()} - watched == CALLED.keys()
    lines = {row.code for row in test_trainer_faults.RUNS.values()}
    lines |= {code for _, _, code in test_trainer_faults.PREFLIGHT.values()}
    assert set(PREFLIGHT) == CALLED.keys() & lines


@pytest.mark.parametrize("where", sorted(set(CALLED.values())))
def test_the_functions_of_the_handbook_exist(where: str) -> None:
    module, _, name = where.rpartition(".")
    assert callable(vars(importlib.import_module(f"ris_pytorch_pipeline.diagnose.{module}"))[name])


def test_every_fault_of_the_trainer_is_on_the_page() -> None:
    for name in (*test_trainer_faults.RUNS, *test_trainer_faults.PREFLIGHT):
        assert f"| {name} | " in PAGE
