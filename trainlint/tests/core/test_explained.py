"""Every rule has a page that needs no network, with what its finding does not mean."""

import pytest

from trainlint.cli import main
from trainlint.cli.explain import explained
from trainlint.output import OUTPUTS, of_finding
from trainlint.rules import RULES, rule
from trainlint.rules.pages import PAGES


def test_every_rule_has_a_page():
    assert {r.code for r in RULES} == set(PAGES)
    assert all(not_meant.endswith(".") and example for example, not_meant in PAGES.values())


@pytest.mark.parametrize("code", ["RT101", "rt101", "zero-learning-rate"])
def test_page_is_found_by_code_and_by_name(code: str, capsys: pytest.CaptureFixture[str]):
    assert main(["explain", code]) == 0
    out = capsys.readouterr().out
    assert out.startswith("RT101 zero-learning-rate (fatal)")
    for word in ("Symptom:", "Cause:", "Next:", "Example:", "What this does not mean:"):
        assert word in out


def test_unknown_code_names_the_nearest(capsys: pytest.CaptureFixture[str]):
    assert main(["explain", "RT1010"]) == 2
    assert "did you mean RT101?" in capsys.readouterr().err
    assert main(["explain", "zero-learning"]) == 2
    assert "zero-learning-rate" in capsys.readouterr().err


def test_source_rule_says_what_confirms_it():
    assert "a run confirms it with RT111" in explained("RT603")


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_take_a_measured_finding_too(name: str):
    entry = of_finding(rule("RT102").found("12 backward passes, no update", subject="Adam"), "run/ledger.jsonl")
    text = OUTPUTS[name]([entry], ["one file was not read"])
    assert "RT102" in text
    assert "one file was not read" in text
