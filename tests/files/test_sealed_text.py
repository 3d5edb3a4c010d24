"""Is a text that was changed since it was written told apart from one that was not, whatever ends its lines?"""

import pytest

from ris_pytorch_pipeline.files import Format, is_changed, sealed_document, signed_text, unsealed_document

TEXT = 'a = 1\nname = "é"\n'
FORM = Format("numbers", 1)


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "a = 1\r\nb = 2\n", ""])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_ends_of_lines_are_no_change(text: str, end: bytes) -> None:
    content = signed_text(text).replace(b"\r\n", b"\n").replace(b"\n", end)
    assert not is_changed(content)
    assert not is_changed(content.rstrip())
    assert not is_changed(content + end + b"  " + end)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a = 1", b"a = 2"),
        (b"a = 1\n", b""),
        (b"a = 1\n", b"a = 1\n\n"),
        (b"a = 1", b"a =\r 1"),
        (b"above: ", b"above: 0"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_change_before_the_digest_or_in_it_is_noticed(old: bytes, new: bytes, end: bytes) -> None:
    changed = signed_text(TEXT).replace(old, new, 1)
    assert changed != signed_text(TEXT)
    assert is_changed(changed.replace(b"\n", end))


@pytest.mark.parametrize("more", [b"b = 2\n", b"\n\n[table]\n", b"# a remark", signed_text("b = 2\n")])
def test_lines_behind_the_digest_are_noticed(more: bytes) -> None:
    assert is_changed(signed_text(TEXT) + more)


def test_a_digest_that_is_cut_short_is_noticed() -> None:
    assert is_changed(signed_text(TEXT)[:-9])


def test_a_text_without_a_digest_is_not_known_to_be_changed() -> None:
    assert not is_changed(TEXT.encode())
    assert not is_changed(b"")


@pytest.mark.parametrize("key", ["schema", "version", "seal"])
def test_no_value_takes_the_place_of_what_the_format_says(key: str) -> None:
    with pytest.raises(ValueError, match=key):
        sealed_document({"a": 1, key: 2}, FORM)


def test_another_format_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"'numbers' version 2, where numbers version 1 is read"):
        unsealed_document(sealed_document({"a": 1}, Format("numbers", 2)), FORM)
