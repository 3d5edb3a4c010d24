"""Does configuration take what fits its type, exactly, and refuse everything else with four parts?"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import fit, flat_fields, overlay, plain
from ris_pytorch_pipeline.experiment.strict import describe

FOUR_PARTS = r"wanted .*; got .*\. Likely cause: .*\. Next: .*[.?]"


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.5
    label: str = "a"


@dataclass(frozen=True, kw_only=True)
class Outer:
    count: int = 1
    span: float | tuple[float, float] = 1.0
    kind: Literal["red", "green"] = "red"
    bits: int | None = 3
    on: bool = False
    inner: Inner = field(default_factory=Inner)


@dataclass(frozen=True, kw_only=True)
class Several:
    items: tuple[Inner, ...] = ()
    pairs: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FloatFirst:
    value: float | int = 0


@dataclass(frozen=True, kw_only=True)
class WholeFirst:
    value: int | float = 0


def test_the_first_type_of_a_union_that_fits_is_taken_though_its_order_makes_no_other_type() -> None:
    assert FloatFirst.__annotations__["value"] == WholeFirst.__annotations__["value"]
    taken = [overlay(kind(), {"value": 3}).value for kind in (FloatFirst, WholeFirst, FloatFirst)]
    assert [type(value) for value in taken] == [float, int, float]


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (float, 3.5, 3.5),
        (bool, True, True),
        (str, "3", "3"),
        (int | None, "none", None),
        (int | None, None, None),
        (int | None, 4, 4),
        (float | tuple[float, float], [1, 2.5], (1.0, 2.5)),
        (float | tuple[float, float], (1, 2), (1.0, 2.0)),
        (int | tuple[int, int], [1, 5], (1, 5)),
        (tuple[int, ...], [1, 3, 5], (1, 3, 5)),
        (Literal["red", "green"], "green", "green"),
    ],
)
def test_a_value_that_fits_is_taken_in_its_type(hint: Any, value: Any, expected: Any) -> None:
    fitted = fit(hint, value, "x")
    assert fitted == expected
    assert type(fitted) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, 7.5),
        (int, 7.0),
        (int, True),
        (int, "7"),
        (int, None),
        (float, "7"),
        (float, True),
        (float, math.nan),
        (float, math.inf),
        (bool, 1),
        (bool, "true"),
        (str, 3),
        (int | None, "None"),
        (float | tuple[float, float], [1.0]),
        (float | tuple[float, float], [1.0, 2.0, 3.0]),
        (float | tuple[float, float], [1.0, -math.inf]),
        (int | tuple[int, int], [1, 5.0]),
        (tuple[int, ...], 3),
        (Literal["red", "green"], "gren"),
        (Literal["red", "green"], 1),
    ],
)
def test_a_value_that_does_not_fit_is_refused(hint: Any, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=FOUR_PARTS):
        fit(hint, value, "x")


def test_the_likely_cause_fits_the_mistake() -> None:
    with pytest.raises(ConfigurationError, match=r"count as an integer; got 7\.5.*a fraction where"):
        fit(int, 7.5, "count")
    with pytest.raises(ConfigurationError, match="did you mean 'green'"):
        fit(Literal["red", "green"], "gren", "kind")
    with pytest.raises(ConfigurationError, match="pass finite numbers"):
        fit(float | tuple[float, float], [0.0, math.nan], "span")


@given(
    count=st.integers(1 - 2**63, 2**63 - 1),
    low=st.floats(allow_nan=False, allow_infinity=False),
    rate=st.integers(-9, 9),
)
def test_plain_values_come_back(count: int, low: float, rate: int) -> None:
    value = Outer(count=count, span=(low, low), bits=None, inner=Inner(rate=rate))
    again = overlay(Outer(), plain(value))
    assert again == value
    assert plain(again) == plain(value)
    assert type(plain(value)["inner"]["rate"]) is float


def test_a_list_of_tables_becomes_records() -> None:
    several = overlay(Several(), {"items": [{"rate": 1}, {"label": "b"}], "pairs": {"x": 2}})
    assert several == Several(items=(Inner(rate=1.0), Inner(label="b")), pairs=(("x", 2.0),))
    told = plain(several)
    assert told == {"items": [{"rate": 1.0, "label": "a"}, {"rate": 0.5, "label": "b"}], "pairs": [["x", 2.0]]}
    assert overlay(Several(), told) == several
    with pytest.raises(ConfigurationError, match=r"got 'items\[1\]\.rates'.*did you mean 'rate'"):
        overlay(Several(), {"items": [{}, {"rates": 2}]})
    with pytest.raises(ConfigurationError, match=r"items as a list of tables; got 3.*\[\[items\]\]"):
        overlay(Several(), {"items": 3})
    with pytest.raises(ConfigurationError, match="pairs as a list of values"):
        overlay(Several(), {"pairs": {"x": "y"}})


def test_overlay_changes_nothing_else() -> None:
    base = Outer(inner=Inner(label="kept"))
    assert overlay(base, {"inner": {"rate": 2}}) == Outer(inner=Inner(rate=2.0, label="kept"))
    assert overlay(base, {}) == base


def test_an_unknown_key_gets_its_neighbour() -> None:
    with pytest.raises(ConfigurationError, match=r"got 'inner.rates'.*did you mean 'rate'"):
        overlay(Outer(), {"inner": {"rates": 2}})
    with pytest.raises(ConfigurationError, match=r"inner as a table of keys; got 3.*\[inner\]"):
        overlay(Outer(), {"inner": 3})


def test_fields_are_listed_with_their_tables() -> None:
    assert [name for name, _ in flat_fields(Outer())] == [
        "count", "span", "kind", "bits", "on", "inner.rate", "inner.label",
    ]  # fmt: skip


def test_types_are_described_in_words() -> None:
    assert describe(float | tuple[float, float]) == "a finite number, or [a finite number, a finite number]"
    assert describe(tuple[int, ...]) == "a list of values, each an integer"
    assert describe(int | None) == 'an integer, or "none"'
