"""Which parts of a line are numbers, however a program or a language spells them?"""

import math
import re
from typing import NoReturn

from ...errors import InputError

_POWER = r"(?:[eE][-+]?\d+)?"
_DIGITS = rf"(?:\.#(?:IND|INF|[QS]NAN)\d*|\d*(?::\d\d)+(?:[.,]\d+)?|\d*(?:\.\d*)?{_POWER})"
_NAMED = r"(?:[nN][aA][nN](?!\w|\.\w|\s{1,8}iter)|[iI][nN][fF](?:inity)?(?!\w|\.\w))"
NUMBER = re.compile(
    r"([-+.\dnNiI](?<![\w.@].)(?:"
    rf"(?<=\d){_DIGITS}|(?<=[-+])(?:\d{_DIGITS}|\.\d+{_POWER}|\.?{_NAMED})|(?<=\.)(?:\d+{_POWER}|{_NAMED})"
    r"|(?<=[nN])[aA][nN](?!\w|\.\w|\s{1,8}iter)|(?<=[iI])[nN][fF](?:inity)?(?!\w|\.\w)))"
)
"""Splits a line into texts and numbers; `number of nan iterations` is a text.

It begins with a set of characters, so that the search runs through letters without a try at each. Every alternative is
a chain without choices inside, so that it is linear.
"""
LONGEST = 400
"""Digits: a double has at most 309 before its point."""
MISSING = frozenset(
    ("", "-", "--", "---", "n/a", "na", "#na#", "none", "null", "no log", "nil", "?", "tbd", "missing", "/", "…", "...")
)
_WRAPPED = re.compile(r"(?:tensor|array|(?:np|numpy|torch)\.\w{1,20}|float\d{0,3}|scalar)\(\[?\s*([^,)\]]{1,40})")
_SPECIAL = re.compile(r"([-+]?)\d\.#(IND|INF|[QS]NAN)\d*", re.IGNORECASE)
_YAML = re.compile(r"[-+]?\.(?:nan|inf)", re.IGNORECASE)
"""How YAML spells them."""
_TAIL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(?=\s*[%/:\]);]|\s*,(?!\d)|$)")


def number(token: str) -> float | None:
    """A number as a program prints it; None for a time or a text.

    Args:
        token: without blanks around it.

    Raises:
        InputError: digits beyond any number that a training prints.

    >>> number("1e-3"), number("-1.#IND"), number(".nan"), number("0:21:00")
    (0.001, nan, nan, None)
    """
    if len(token) > LONGEST:
        refuse(token)
    try:
        return float(token)
    except ValueError:
        special = _SPECIAL.fullmatch(token)
    if _YAML.fullmatch(token):
        return float(token.replace(".", ""))
    if special is None:
        return None
    return math.copysign(math.inf, -1 if special[1] == "-" else 1) if special[2].upper() == "INF" else math.nan


def refuse(token: str) -> NoReturn:
    """Refuse a number that has too many digits.

    Args:
        token: the number.

    Raises:
        InputError: always.
    """
    raise InputError(
        f"numbers of at most {LONGEST} digits",
        f"one of {len(token)}, {token[:12]}...",
        "the file is no training log, or was damaged",
        "pass the text that the training printed",
    )


def cell(text: str) -> float | None:
    """The number in a cell of a table; None where the cell is empty, a time or a text.

    Args:
        text: the cell, blanks around it allowed.

    >>> cell(" tensor(nan) "), cell("1/10"), cell("#na#"), cell("0,912")
    (nan, 1.0, None, None)
    """
    try:
        if len(text) < LONGEST:
            return float(text)
    except ValueError:
        pass
    text = text.strip().strip("\"'")
    if text.lower() in MISSING:
        return None
    if wrapped := _WRAPPED.match(text):
        return number(wrapped[1].strip())
    if (found := number(text)) is not None:
        return found
    tail = _TAIL.match(text) if ":" not in text[:-1] else None
    return float(tail[0]) if tail else None


def decimals(token: str) -> int | None:
    """Decimals that were printed; None for a number written in full (exponent, whole, or more than 8 decimals).

    Args:
        token: a number.

    >>> decimals("0.6931"), decimals("6.9e-5"), decimals("0")
    (4, None, None)
    """
    _, point, rest = token.strip("\"' ").partition(".")
    return len(rest) if point and rest.isdigit() and len(rest) <= 8 else None
