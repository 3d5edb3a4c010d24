"""Which parts of a line are numbers, however a program or a language spells them, with points or with commas?

`0,912` is a decimal in a German log, `1,200` a count in an English one, `[1,2]` a list, and `12:30:01,123` a time.
A comma is read as a point only where the file writes most decimals so, as `0,912` beside `1.5e-03` says too; a number
that is no list and no count, in a file that writes points, is left out.
"""

import math
import re
from collections.abc import Iterable
from typing import NoReturn

from ...errors import InputError

_POWER = r"(?:[eE][-+]?\d+)?"
_DIGITS = rf"(?:\.#(?:IND|INF|[QS]NAN)\d*|\d*(?::\d\d)+(?:[.,]\d+)?|\d*(?:\.\d*)?{_POWER})"
_END = r"(?:\.0+)?(?!\w|\.\w)"
"""A bar of Lightning prints `nan.0`."""
_AN = rf"[aA][nN]{_END}(?!\s{{1,8}}iterations)"
_NAMED = rf"(?:[nN]{_AN}|[iI][nN][fF](?:inity)?{_END})"
NUMBER = re.compile(
    r"([-+.\dnNiI](?<!(?:[^\W\u2e80-\u9fff\uac00-\ud7af]|[.@]).)(?:"
    rf"(?<=\d){_DIGITS}|(?<=[-+])(?:\d{_DIGITS}|\.\d+{_POWER}|\.?{_NAMED})|(?<=\.)(?:\d+{_POWER}|{_NAMED})"
    rf"|(?<=[nN]){_AN}|(?<=[iI])[nN][fF](?:inity)?{_END}))"
)
"""Splits a line into texts and numbers; `number of nan iterations` is a text.

It begins with a set of characters, so that letters are passed by. No alternative has choices inside: it is linear.
"""
LONGEST = 400
"""Digits: a double has at most 309 before its point."""
MISSING = frozenset(
    ("", "-", "--", "---", "n/a", "na", "#na#", "none", "null", "no log", "nil", "?", "tbd", "missing", "/", "…", "...")
)
_WRAPPED = re.compile(r"(?:tensor|array|(?:np|numpy|torch)\.\w{1,20}|float\d{0,3}|scalar)\(\[?\s*([^,)\]]{1,40})")
_SPECIAL = re.compile(r"([-+]?)\d\.#(IND|INF|[QS]NAN)\d*", re.IGNORECASE)
_DOTTED = re.compile(r"([-+]?)\.?(nan|inf)(?:\.0+)?", re.IGNORECASE)
"""How YAML and progress bars spell them."""
_TAIL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(?=\s*[%/:\]);]|\s*,(?!\d)|$)")


def number(token: str) -> float | None:
    """A number as a program prints it; None for a time or a text.

    Raises:
        InputError: digits beyond any number that a training prints.
    """
    if len(token) > LONGEST:
        refuse(token)
    try:
        return float(token)
    except ValueError:
        special = _SPECIAL.fullmatch(token)
    if dotted := _DOTTED.fullmatch(token):
        return float(dotted[1] + dotted[2])
    if special is None:
        return None
    return math.copysign(math.inf, -1 if special[1] == "-" else 1) if special[2].upper() == "INF" else math.nan


def refuse(token: str) -> NoReturn:
    """Refuse a number that has too many digits.

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
    """The number in a cell of a table, the sum of a list; None where the cell is empty, a time or a text."""
    try:
        if len(text) < LONGEST:
            return float(text)
    except ValueError:
        pass
    text = text.strip().strip("\"'")
    if text.lower() in MISSING:
        return None
    if text.startswith("[") and text.endswith("]") and len(text) < LONGEST:
        terms = [number(term) for term in text[1:-1].replace(",", " ").split()] or [None]
        return None if None in terms else sum(term for term in terms if term is not None)
    if wrapped := _WRAPPED.match(text):
        return number(wrapped[1].strip())
    if (found := number(text)) is not None:
        return found
    tail = _TAIL.match(text) if ":" not in text[:-1] else None
    return float(tail[0]) if tail else None


def decimals(token: str) -> int | None:
    """Decimals that were printed; None for a number written in full (exponent, whole, or more than 8 decimals)."""
    _, point, rest = token.strip("\"' ").partition(".")
    return len(rest) if point and rest.isdigit() and len(rest) <= 8 else None


_CANDIDATE = re.compile(r"\d,\d")
_COMMA = re.compile(r"""(?<![^\s=:：;|"'])(?<!\d:)([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)(?=$|[\s;|%"')}\]]|,\s)""")
"""A number with one comma, behind a blank, a mark or a quote: no element of a list, no time of day."""
_QUOTED = re.compile(r"""(?<=")([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)(?=")""")
"""Such a number in a cell of its own, in a table whose cells stand between commas."""
_POINT = re.compile(r"(?<![\w.:,-])[-+]?\d*\.\d+(?![\d.:s])")
_LETTER = re.compile(r"[^\W\d]")
_COUNT = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
"""What may be a whole number with its thousands apart."""
_SURE = re.compile(r"[-+]?0,\d\d")
"""What is a decimal beside a point too: no count, and no list of two."""
LOOKED_AT = 2000
"""Lines that are asked how the file writes decimals."""
_OPAQUE = "?"


class Commas:
    """Knows how the decimals of a file are written, and writes them with points."""

    def __init__(self) -> None:
        self.lines = self.sure = self.points = 0

    @property
    def decimal(self) -> bool:
        """Whether more lines show decimals behind commas than behind points."""
        return self.sure > self.points

    def look(self, lines: Iterable[str]) -> None:
        """Take note of how lines write decimals."""
        for line in lines:
            self.lines += 1
            point = bool(_POINT.search(line))
            sure = "," in line and any(
                _SURE.match(m[0]) if point else not _COUNT.fullmatch(m[0]) for m in _COMMA.finditer(line)
            )
            self.sure += sure
            self.points += point and not sure

    def read(self, line: str, mark: str = "") -> str:
        """A line with decimal points."""
        if self.lines < LOOKED_AT:
            self.look((line,))
        if not _CANDIDATE.search(line):
            return line
        if mark == ",":
            return _QUOTED.sub(self._pointed, line) if '"' in line else line
        if not mark.strip() and mark != "\t" and not _LETTER.search(line):
            return line
        if _POINT.search(line) and not self.decimal:
            return _COMMA.sub(_whole, line)
        return _COMMA.sub(self._pointed, line)

    def _pointed(self, found: re.Match[str]) -> str:
        return f"{found[1]}.{found[2]}" if self.decimal else _OPAQUE


def _whole(found: re.Match[str]) -> str:
    return found[0].replace(",", "") if _COUNT.fullmatch(found[0]) else _OPAQUE
