"""Does a file write its decimals behind a comma, and which commas between digits are such ones?

`0,912` is a decimal in a German log, `1,200` a count in an English one, `[1,2]` a list, and `12:30:01,123` a time.
A comma is read as a point only where the file writes decimals so, and so only; a number that is surely no list and no
count, in a file that also writes points, is left out: half of it must not be judged.
"""

import re
from collections.abc import Iterable

_CANDIDATE = re.compile(r"\d,\d")
_COMMA = re.compile(r"""(?<![^\s=:;|"'])(?<!\d:)([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)(?=$|[\s;|%"')}\]]|,\s)""")
"""A number with one comma, behind a blank, a mark or a quote: no element of a list, no time of day."""
_QUOTED = re.compile(r"""(?<=")([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)(?=")""")
"""Such a number in a cell of its own, in a table whose cells stand between commas."""
_POINT = re.compile(r"(?<![\w.:,-])[-+]?\d*\.\d+(?![\d.:s])")
_LETTER = re.compile(r"[^\W\d]")
_COUNT = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
"""What may be a whole number with its thousands apart."""
LOOKED_AT = 2000
"""Lines that are asked how the file writes decimals."""
_OPAQUE = "?"


class Commas:
    """Knows how the decimals of a file are written, and writes them with points.

    >>> commas = Commas()
    >>> commas.read("Epoch 3: loss 0,750 val 1,100"), commas.read("12:30:01,123 betas=[1,2]")
    ('Epoch 3: loss 0.750 val 1.100', '12:30:01,123 betas=[1,2]')
    """

    def __init__(self) -> None:
        self.lines = self.sure = self.points = 0

    @property
    def decimal(self) -> bool:
        """Whether more lines show decimals behind commas than behind points."""
        return self.sure > self.points

    def look(self, lines: Iterable[str]) -> None:
        """Take note of how lines write decimals.

        Args:
            lines: of the file, or of its beginning.
        """
        for line in lines:
            self.lines += 1
            point = bool(_POINT.search(line))
            self.points += point
            self.sure += not point and any(not _COUNT.fullmatch(m[0]) for m in _COMMA.finditer(line))

    def read(self, line: str, mark: str = "") -> str:
        """A line with decimal points.

        Args:
            line: as written.
            mark: what stands between the cells of the table that the line may be a row of; empty outside of tables.
        """
        if self.lines < LOOKED_AT:
            self.look((line,))
        if not _CANDIDATE.search(line):
            return line
        if mark == ",":
            return _QUOTED.sub(self._pointed, line) if '"' in line else line
        if not mark.strip() and mark != "\t" and not _LETTER.search(line):
            return line
        if _POINT.search(line):
            return _COMMA.sub(_left_out, line)
        return _COMMA.sub(self._pointed, line)

    def _pointed(self, found: re.Match[str]) -> str:
        return f"{found[1]}.{found[2]}" if self.decimal else _OPAQUE


def _left_out(found: re.Match[str]) -> str:
    """In a line with points, what may be a count stays, and what can only be half a number goes."""
    return found[0] if _COUNT.fullmatch(found[0]) else _OPAQUE
