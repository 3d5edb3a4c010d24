"""Every rule of the source names its broken script, and none speaks of the sound one."""

import ast

import pytest

from source.programs import CHANGES, SOUND, broken
from trainlint.before.source.checking import check_source
from trainlint.rules import RULES
from trainlint.rules.source_links import CONFIRMED_BY, EXPLAINS

OF_THE_SOURCE = [r.code for r in RULES if r.code.startswith("RT6")]


def test_sound_script_has_no_finding():
    assert [(f.code, f.line, f.evidence) for f in check_source(SOUND)] == []


def test_every_rule_has_a_script():
    assert sorted(CHANGES) == OF_THE_SOURCE


@pytest.mark.parametrize("code", OF_THE_SOURCE)
def test_rule_names_its_script_and_its_line(code: str):
    text = broken(code)
    ast.parse(text)
    found = [f for f in check_source(text, "train.py") if f.code == code]
    assert found, [(f.code, f.line) for f in check_source(text)]
    lines = text.splitlines()
    assert all(lines[f.line - 1].strip() == f.source for f in found)


def test_each_rule_says_what_confirms_it():
    known = {r.code for r in RULES}
    assert set(CONFIRMED_BY) == set(EXPLAINS) == set(OF_THE_SOURCE)
    assert {c for table in (CONFIRMED_BY, EXPLAINS) for codes in table.values() for c in codes} <= known
    assert all(set(CONFIRMED_BY[c]) <= set(EXPLAINS[c]) for c in OF_THE_SOURCE)
