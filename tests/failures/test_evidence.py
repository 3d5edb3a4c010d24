"""Is the page that benchmarks/diagnosing_evidence.py writes from these tests up to date, row by row?"""

import re
from collections import Counter
from pathlib import Path

from . import test_data, test_losses, test_movement, test_numbers, test_runs, test_trainer_faults, test_updates

PAGE = (Path(__file__).parents[2] / "docs/diagnosing-evidence.md").read_text(encoding="utf-8")


def test_every_program_of_the_catalogue_is_counted_on_the_page() -> None:
    tables = [
        *(test_updates.ROWS, test_movement.ROWS, test_data.ROWS, test_losses.WATCHED, test_losses.CHECKED),
        *(test_numbers.WATCHED, test_numbers.CHECKED, test_runs.WATCHED, test_runs.CHECKED),
    ]
    rows = Counter(name.split()[0] for table in tables for name in table)
    found = re.findall(r"^\| ([A-E]\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert {row: int(programs) for row, programs, *_ in found} == dict(rows)
    assert all(int(n) == int(named) + int(other) + int(missed) for _, n, named, other, missed, _ in found)


def test_every_fault_of_the_trainer_is_on_the_page() -> None:
    for name in (*test_trainer_faults.RUNS, *test_trainer_faults.PREFLIGHT):
        assert f"| {name} | " in PAGE
