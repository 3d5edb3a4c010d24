"""Is a stranger's JSON read within bounds, with every refusal a ValueError, and checked against one schema?"""

import json
import tomllib
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.files import SEAL, blank, check_seal, fits, from_document, parse_document, parse_toml, sealed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(-1e300, 1e300) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(JSON)
def test_what_json_can_say_is_read_as_json_reads_it(value: Any) -> None:
    text = json.dumps(value)
    assert parse_document(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100000, "nesting"), ('{"a":' * 100000, "nesting"), ("[" * 40 + "]" * 40, "nesting"),
        ("9" * 5000, "5000 digits"), ("9" * 25, "25 digits"), ("1e999", "largest float"), ("NaN", "not finite"),
        ("-Infinity", "not finite"), ('"\\ud800"', "surrogate"), ('{"\\udfff": 1}', "surrogate"),
        ('{"a": 1, "a": 2}', "twice"), ('{"a": 1', "delimiter"), ("", "Expecting"),
    ],
)  # fmt: skip
def test_what_readers_let_pass_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_document(text)


MANY = 2_000


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * MANY + " = 1", "[a" + " . a" * MANY + "]", '","' + '.","' * MANY + " = 1",
        "a = {b = 1, c" + ".c" * MANY + " = 1}", 'a = {b = """x"""", c' + ".c" * MANY + " = 1}",
        "a = {b = '''x''''', c" + ".c" * MANY + " = 1}", "a = '#'\nb = {'#'" + ".c" * MANY + " = 1}",
    ],
)  # fmt: skip
def test_a_key_of_toml_with_very_many_dots_is_refused_before_it_is_read(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomllib.loads", lambda text: pytest.fail("read"))
    with pytest.raises(ValueError, match="parts, which is nesting"):
        parse_toml(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a = [" + "0.5, " * 100 + "]", f'a = "{"." * 100}"', f'"{"." * 100}" = 1', f"a = 1 # {'.' * 100}",
        f'a = """\n{"." * 100}"x" \\""" {"." * 100}"""', f"a = '''\n{'.' * 100}'x'{'.' * 100}'''",
        "\n".join(f"a.b{n} = {n}.5" for n in range(100)),
    ],
)  # fmt: skip
def test_other_dots_of_toml_are_read(text: str) -> None:
    assert parse_toml(text.encode()) == parse_toml(text.encode("utf-8-sig")) == tomllib.loads(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="decode"):
        parse_document(b'{"a": "\xff\xfe\xfa"}')
    assert parse_document("[NaN, Infinity]", not_finite=True)[1] == float("inf")


@settings(max_examples=200)
@given(st.data())
def test_a_changed_text_is_read_or_refused_with_a_value_error(data: st.DataObject) -> None:
    text = bytearray(json.dumps({"schema": "x", "values": [1, 2.5, {"deep": [None, True]}], "t": "é"}).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        parse_document(bytes(text))
    except ValueError:
        return


@dataclass(frozen=True)
class Inner:
    x: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    count: int
    kind: Literal["a", "b"]
    inner: Inner
    table: dict[str, Inner]
    maybe: int | None


GOOD = {"count": 1, "kind": "a", "inner": {"x": 1, "names": ["n"]}, "table": {}, "maybe": None}


def test_a_document_becomes_its_dataclass() -> None:
    found = from_document(Outer, GOOD | {"table": {"t": {"x": 0.5, "names": []}}})
    assert found == Outer(1, "a", Inner(1, ("n",)), {"t": Inner(0.5)}, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": True}, "count = True"), ({"count": 1.0}, "count = 1.0"), ({"kind": "c"}, "kind = 'c'"),
        ({"kind": ["a"]}, "kind"), ({"inner": 3}, "inner without"), ({"inner": {"x": "1", "names": []}}, "inner.x"),
        ({"inner": {"x": 1, "names": [1]}}, "inner.names"), ({"table": {"t": 1}}, "table.t without"),
        ({"maybe": "1"}, "maybe"), ({"more": 1}, "more too many"), ({"table": []}, "table"),
    ],
)  # fmt: skip
def test_another_document_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        from_document(Outer, GOOD | change)


def test_fields_missing_are_named_and_types_are_told_apart() -> None:
    with pytest.raises(ValueError, match="without count, kind"):
        from_document(Outer, {"inner": {}, "table": {}, "maybe": 1})
    assert fits(float, 1) and not fits(float, True) and fits(int | None, None) and not fits(list[str], ["a", 1])


def test_every_changed_byte_of_a_sealed_text_is_noticed() -> None:
    head = sealed(json.dumps({"a": "b", SEAL: blank()}, separators=(",", ":")).encode(), [b"rest"])
    seal = json.loads(head)[SEAL]
    assert check_seal(head, seal, [b"rest"]) and not check_seal(head, seal, [b"Rest"])
    assert not check_seal(head, seal[:-1], [b"rest"]) and not check_seal(head, "0" * 64, [b"rest"])
    for at in range(len(head)):
        changed = bytearray(head)
        changed[at] ^= 4
        assert not check_seal(bytes(changed), seal, [b"rest"])
