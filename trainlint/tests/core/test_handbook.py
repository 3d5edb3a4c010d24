"""The handbook is what the rules say, the example does what it promises, and the room imports only errors."""

import json
import runpy
from pathlib import Path

import pytest
from after.original import original_log
from handbook.page import handbook

from trainlint import InputError, State, diagnose, judge, show
from trainlint.rules import RULES, rule

ROOT = Path(__file__).parents[2]


def test_handbook_is_up_to_date():
    written = {"rules.md", *(f"rules/{path.name}" for path in (ROOT / "docs/rules").iterdir())}
    assert written == set(handbook())
    for name, text in handbook().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"{name}: cd tests && python -m handbook"


def test_codes_and_names_are_unique_and_linked():
    assert len({r.code for r in RULES}) == len({r.name for r in RULES}) == len(RULES)
    pages = handbook()
    for each in RULES:
        assert pages[f"rules/{each.code[:3]}xx.md"].count(f'<a id="{each.code.lower()}"></a>') == 1
        assert f"rules/{each.code[:3]}xx.md#{each.code.lower()})" in pages["rules.md"]
        assert each.link == f"trainlint explain {each.code}"
        assert each.cause.endswith(".")
        assert each.move.endswith(".")


def test_unknown_code_is_refused():
    with pytest.raises(InputError, match="RT999"):
        rule("RT999")


def test_example_names_the_cause_and_mends_it(capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(ROOT / "examples/watch_any_loop.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "RT101 zero-learning-rate" in out
    assert "Verdict: healthy" in out


def test_verdict_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log = tmp_path / "train.log"
    log.write_text(original_log(), encoding="utf-8")
    assert diagnose(log, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "Stalled"
    assert {"code", "name", "severity", "evidence", "cause", "next"} <= told["findings"][0].keys()
    assert show(judge([])) == 0
    assert judge([]).state is State.HEALTHY
