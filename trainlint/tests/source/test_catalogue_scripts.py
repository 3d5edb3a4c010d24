"""Are scripts of the catalogue's kinds named by their source, and are their repaired twins left alone?"""

import tomllib
from pathlib import Path

import pytest

from trainlint.before.source.checking import check_paths
from trainlint.findings import Severity

SCRIPTS = Path(__file__).parents[2] / "benchmarks" / "catalogue"
ANSWERS = tomllib.loads((SCRIPTS / "answers.toml").read_text(encoding="utf-8"))["program"]
REACHED = 50
"""Of 67 whose fault stands in the source."""


def codes(file: str) -> set[str]:
    found, errors = check_paths([SCRIPTS / file])
    assert not errors
    return {f.code for f in found if f.severity is not Severity.NOTE}


@pytest.mark.parametrize("file", [a["file"] for a in ANSWERS if a["kind"] == "sound"])
def test_a_repaired_twin_earns_no_warning(file: str) -> None:
    assert not codes(file)


def test_as_many_are_named_as_the_page_of_evidence_says() -> None:
    inside = [a for a in ANSWERS if a["kind"] == "broken" and a["source"]]
    named = [a for a in inside if codes(a["file"]) & {*a["right"], *a.get("later", ())}]
    assert (len(named), len(inside)) == (REACHED, 67)


def test_each_broken_script_has_its_twin() -> None:
    broken, sound = ({Path(a["file"]).name for a in ANSWERS if a["kind"] == kind} for kind in ("broken", "sound"))
    assert broken == sound == {path.name for path in (SCRIPTS / "broken").glob("*.py")}
