"""Every rule's example earns its finding, and is clean once it is mended."""

import pytest
from handbook.examples import EXAMPLES, WITHOUT, changed

from trainlint.rules import RULES

from .examples import TRIED, codes


def test_every_rule_has_an_example_or_a_reason_why_not():
    assert sorted([*EXAMPLES, *WITHOUT]) == [rule.code for rule in RULES]
    assert not set(EXAMPLES) & set(WITHOUT)
    assert {example.kind for example in EXAMPLES.values()} == set(TRIED)


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_earns_its_finding(code: str):
    assert code in codes(EXAMPLES[code], broken=True)


@pytest.mark.parametrize("code", sorted({example.sound: code for code, example in EXAMPLES.items()}.values()))
def test_a_mended_example_is_clean(code: str):
    assert codes(EXAMPLES[code], broken=False) == []


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_difference_is_what_mends_it(code: str):
    lines = EXAMPLES[code].diff.splitlines()
    assert any(line.startswith("-") for line in lines) or any(line.startswith("+") for line in lines)
    assert all(line[:1] in "-+ " for line in lines), lines
    assert len(lines) < 40, lines


def test_a_change_that_does_not_fit_is_an_error():
    with pytest.raises(LookupError, match="stands 2 times"):
        changed("a b a", [("a", "c")])
