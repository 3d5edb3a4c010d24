"""Was a text changed since a command wrote it? JSON holds its digest as a field, TOML in a comment at its end."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .document import parse_document
from .seal import SEAL, blank, check_seal, sealed

_LAST_TEXT = "# sha256 of the lines above: "
_LAST = re.compile(rb"^" + _LAST_TEXT.rstrip().encode() + rb"(.*)$", re.MULTILINE)
_KEYS = {"schema", "version", SEAL}
"""Of each document, beside its values."""


@dataclass(frozen=True)
class Format:
    """What a document says that it is.

    Args:
        schema: its name.
        version: of the schema; documents of another one are refused.
    """

    schema: str
    version: int


def sealed_document(values: Mapping[str, Any], form: Format, *, not_finite: bool = False) -> bytes:
    """A JSON document with its format and a digest of all its bytes, key `seal`.

    >>> form = Format("numbers", 1)
    >>> unsealed_document(sealed_document({"a": 1}, form), form)
    {'a': 1}

    Args:
        values: of the document.
        form: of it.
        not_finite: let NaN and infinities pass.

    Raises:
        ValueError: a number that is not finite, or a value under a key of the format's.
    """
    if taken := _KEYS & set(values):
        raise ValueError(f"{', '.join(sorted(taken))} as keys of a document, which are those of its format")
    told = {**vars(form), **values, SEAL: blank()}
    text = json.dumps(told, ensure_ascii=False, indent=1, separators=(",", ":"), allow_nan=not_finite)
    return sealed(text.encode())


def unsealed_document(text: bytes, form: Format, *, not_finite: bool = False) -> dict[str, Any]:
    """The values of a document, without its format and its digest, once both hold.

    Args:
        text: of the document.
        form: that is read.
        not_finite: see `parse_document`.

    Raises:
        ValueError: no document, another text than was written, one without a digest, or another format.
    """
    values = parse_document(text, not_finite=not_finite)
    if not isinstance(values, dict) or not check_seal(text, str(values.pop(SEAL, ""))):
        raise ValueError("another text than was written, or one without a digest")
    held = {name: values.pop(name, None) for name in vars(form)}
    if held != vars(form):
        told = f"{held['schema']!r:.40} version {held['version']!r:.20}"
        raise ValueError(f"{told}, where {form.schema} version {form.version} is read")
    return values


def signed_text(text: str) -> bytes:
    r"""A text of lines, with the digest of its bytes in a comment of TOML behind it; ends of lines count as LF.

    >>> signed_text("a = 1\n").splitlines()[0], is_changed(signed_text("a = 1\n"))
    (b'a = 1', False)

    Args:
        text: with an end of line behind its last line.
    """
    return f"{text}{_LAST_TEXT}{_digest(text.encode())}\n".encode()


def is_changed(content: bytes) -> bool:
    r"""Whether a text has another digest than the one behind it, or more lines behind that one.

    One without any is not known to be changed. CR LF in place of LF, as editors and git write it, is no change.

    >>> is_changed(signed_text("a = 1\n").replace(b"\n", b"\r\n")), is_changed(signed_text("a = 1\n") + b"b = 2\n")
    (False, True)

    Args:
        content: of the file.
    """
    found = list(_LAST.finditer(content))
    if not found:
        return False
    last = found[-1]
    return bool(content[last.end() :].strip()) or last[1].strip() != _digest(content[: last.start()]).encode()


def _digest(content: bytes) -> str:
    """SHA-256 of a text whose lines end with LF, whatever they end with."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
