"""Was a text changed since a command wrote it? JSON holds its digest as a field, TOML in a comment at its end."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from .document import parse_document
from .seal import SEAL, blank, check_seal, sealed

_LAST = re.compile(rb"# sha256 of the lines above: ([0-9a-f]{64})\n?\Z")
_LAST_TEXT = "# sha256 of the lines above: "


def sealed_document(values: Mapping[str, Any], *, not_finite: bool = False) -> bytes:
    """A JSON document with a digest of all its bytes, key `seal`.

    >>> unsealed_document(sealed_document({"a": 1}))
    {'a': 1}

    Args:
        values: of the document.
        not_finite: let NaN and infinities pass.

    Raises:
        ValueError: a number that is not finite.
    """
    text = json.dumps(
        {**values, SEAL: blank()}, ensure_ascii=False, indent=1, separators=(",", ":"), allow_nan=not_finite
    )
    return sealed(text.encode())


def unsealed_document(text: bytes, *, not_finite: bool = False) -> Any:  # noqa: ANN401
    """The values of a document, without its digest, once that holds; what is no table has none.

    Args:
        text: of the document.
        not_finite: see `parse_document`.

    Raises:
        ValueError: no document, another text than was written, or a table without a digest.
    """
    values = parse_document(text, not_finite=not_finite)
    if isinstance(values, dict) and not check_seal(text, str(values.pop(SEAL, ""))):
        raise ValueError("another text than was written, or one without a digest")
    return values


def signed_text(text: str) -> bytes:
    r"""A text of lines, with the digest of its bytes in a comment of TOML behind it.

    >>> signed_text("a = 1\n").splitlines()[0], is_changed(signed_text("a = 1\n"))
    (b'a = 1', False)

    Args:
        text: with an end of line behind its last line.
    """
    return f"{text}{_LAST_TEXT}{hashlib.sha256(text.encode()).hexdigest()}\n".encode()


def is_changed(content: bytes) -> bool:
    """Whether a text has another digest than the one behind it; one without any is not known to be changed.

    Args:
        content: of the file.
    """
    found = _LAST.search(content)
    return found is not None and hashlib.sha256(content[: found.start()]).hexdigest().encode() != found[1]
