"""What does a JSON or TOML document of a stranger say? Read within bounds, so that nothing later trips over it."""

import json
import math
import re
import tomllib
from typing import Any, NoReturn

MOST_DEPTH = 32
"""Levels of nesting; our own documents have fewer than ten."""
_LARGEST = 2**63
"""Integers beyond it fit no tensor and no file."""
_NO_KEY = re.compile(
    r'''"""(?:[^"\\]|\\[\s\S]|"(?!""))*+(?:"{3,5})?|'{3}(?:[^']|'(?!''))*+(?:'{3,5})?'''
    r"""|"(?:[^"\\\n]|\\[^\n])*+"?|'[^'\n]*+'?|\#[^\n]*+"""
)
"""Texts and comments of TOML, also those without an end: each is matched once, in linear time."""


def parse_document(text: str | bytes, *, not_finite: bool = False) -> Any:  # noqa: ANN401
    """The value of a JSON text, with what JSON readers let pass refused.

    Args:
        text: the document.
        not_finite: let NaN and infinities pass, as a record of what was measured may hold them.

    Returns:
        Mappings, lists, texts, numbers, truth values and None.

    Raises:
        ValueError: no JSON, a key twice, nesting beyond 32 levels, an integer beyond 64 bits, a number that is not
            finite, or a text that UTF-8 cannot hold.

    >>> parse_document('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    >>> parse_document('{"a": NaN}')
    Traceback (most recent call last):
    ValueError: the number NaN, which is not finite
    """
    try:
        value = json.loads(
            text,
            parse_float=float if not_finite else _finite,
            parse_constant=float if not_finite else _refused,
            object_pairs_hook=_pairs,
        )
    except RecursionError as error:
        raise ValueError("nesting too deep") from error
    check_value(value, depth=MOST_DEPTH)
    return value


def parse_toml(content: bytes) -> dict[str, Any]:
    """The values of a TOML text, within the same bounds; NaN and infinities pass.

    Args:
        content: the text, in UTF-8, with or without its mark.

    Returns:
        Values by key.

    Raises:
        ValueError: no UTF-8, no TOML, a key twice, nesting beyond 32 levels, or an integer beyond 64 bits.

    >>> parse_toml(b"a = [1, 2.5]")
    {'a': [1, 2.5]}
    """
    text = content.decode("utf-8-sig").replace("\r\n", "\n")
    _check_dots(text)
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nesting too deep") from error
    check_value(values, depth=MOST_DEPTH)
    return values


def _check_dots(text: str) -> None:
    """Refuse a key of TOML with very many dots, for which tomllib keeps as many beginnings: memory by the square.

    Raises:
        ValueError: naming the depth.
    """
    if any(key.count(".") >= MOST_DEPTH for key in re.split(r"[=,\[\]{}\n]", _NO_KEY.sub("", text))):
        raise ValueError(f"a key with more than {MOST_DEPTH} parts, which is nesting too deep")


def check_value(value: Any, *, depth: int) -> None:  # noqa: ANN401
    """Refuse nesting beyond a depth, integers beyond 64 bits, and texts that UTF-8 cannot hold.

    Args:
        value: of a document.
        depth: most levels.

    Raises:
        ValueError: any of these.
    """
    level = [value]
    for _ in range(depth):
        inside: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:  # the most of them first
                if not item.isascii() and not _is_text(item):
                    raise ValueError("a text with half of a surrogate pair, which UTF-8 cannot hold")
            elif kind is int:
                if not -_LARGEST <= item <= _LARGEST:
                    raise ValueError(f"an integer of {len(str(abs(item)))} digits, beyond 64 bits")
            elif kind is dict:
                inside += item
                inside += item.values()
            elif kind is list or kind is tuple:
                inside += item
        if not inside:
            return
        level = inside
    raise ValueError(f"nesting deeper than {depth} levels")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:20]}, beyond the largest float")
    return value


def _refused(name: str) -> NoReturn:
    raise ValueError(f"the number {name}, which is not finite")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} twice")
    return values
