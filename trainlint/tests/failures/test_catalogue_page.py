"""Does the catalogue list every row that a rule covers, the rules that its tests ask for, and tests that exist?"""

import re
from pathlib import Path

from trainlint.rules import RULES

from . import test_data, test_losses, test_lost_updates, test_movement, test_numbers, test_runs, test_updates

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/catalogue.md").read_text(encoding="utf-8")
ROWS = {match[1]: match[2] for match in re.finditer(r"^\| ([A-G]\d+) \|(.*)\|$", PAGE, re.MULTILINE)}


def tables():
    for module in (test_data, test_losses, test_lost_updates, test_movement, test_numbers, test_runs, test_updates):
        for name in ("ROWS", "WATCHED", "CHECKED"):
            yield from vars(module).get(name, {}).items()


def test_every_row_that_a_rule_covers_is_there():
    wanted = {row for rule in RULES for row in re.findall(r"[A-G]\d+", rule.rows)}
    assert {row for row in wanted if row not in ROWS} == set()


def test_a_row_names_the_rules_that_its_tests_ask_for():
    asked = {(row.split()[0], code) for row, (_, code, _) in tables()}
    assert len(asked) > 60
    assert [(row, code) for row, code in asked if code not in ROWS[row]] == []


def test_a_row_without_a_test_is_one_of_another_package():
    tested = {row.split()[0] for row, _ in tables()}
    rest = {row for row in ROWS if row[0] in "ABCDE"} - tested
    assert rest <= {"A9", "A21", "C3", "C4"}, rest


def test_what_holds_a_kind_exists():
    named = {place for row, told in ROWS.items() if row[0] in "FG" for place in re.findall(r"`([^`]+\.py)`", told)}
    assert len(named) > 12
    assert [place for place in named if not (ROOT / place).is_file()] == []
