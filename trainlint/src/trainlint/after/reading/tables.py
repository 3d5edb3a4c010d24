"""Which lines are rows of a table? Commas, tabs, semicolons, bars, or blanks stand between the cells."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from ..series import Kind, Name
from .names import CURVES, PHASES, name_of, words_of
from .numerals import MISSING, cell

_BAR = re.compile(r":?\s{1,64}\d{1,3}%\|.*$")
_BOXES = str.maketrans("│┃║", "|||")
_TITLE = re.compile(r"#|['\"]?[^\W\d][^=:;{}]{0,78}[^=:;{},.!?]?['\"]?")
_TIME = re.compile(r"\d+(?::\d\d)+(?:\.\d+)?|[\d.]+\s?(?:s|ms|min|h|m|sec)(?![a-z]).{0,20}|\d{4}-\d\d-\d\d[ T].{0,20}")
_SIZE = re.compile(r"\d[\d.]*\s?[kKMGT]i?B?")
_WIDEST = 400
"""Columns of a table; a wider one is data, not a training's curve."""
_WALL = [["wall", "time"], ["step"], ["value"]]


@dataclass(frozen=True)
class Header:
    """The columns of a table: their names, None where a column is nothing.

    The mark stands between cells, empty for blanks; the spans are where titles begin and end between blanks.
    """

    mark: str
    names: tuple[Name | None, ...]
    spans: tuple[tuple[int, int], ...] = ()

    def row(self, line: str) -> "list[tuple[Name, str]] | None":
        """The cells of a row that hold something; None where the line is no row of this table."""
        cells = split(line, self.mark)
        if self.spans and 1 < len(cells) < len(self.names):
            cells = self._placed(line)
        if self.spans and len(cells) == len(self.names) + 1 and cells[0].isdigit():
            cells = cells[1:]  # a data frame numbers its rows under no title
        if len(cells) != len(self.names) or not all(map(_entry, cells[1:])):
            return None
        if not any(cell(c) is not None for c in cells):
            return None
        return [(name, c) for name, c in zip(self.names, cells, strict=True) if name is not None]

    def _placed(self, line: str) -> list[str]:
        cells, last = [""] * len(self.names), -1
        for found in _spans(line, self.mark):
            begin, end = found.span()
            nearest = min(range(len(self.spans)), key=lambda i: _apart(self.spans[i], begin, end))
            if nearest <= last or _apart(self.spans[nearest], begin, end) > _NEAR:
                return []
            cells[nearest], last = found[0], nearest
        return cells


@dataclass(frozen=True)
class Phases:
    """The columns of a table with a quantity in each row: `accuracy | 0.81 | 0.79` under `Training | Validation`."""

    phases: tuple[str, ...]
    mark: str = "|"

    def row(self, line: str) -> "list[tuple[Name, str]] | None":
        """The cells of a row that hold something; None where the line is no row of this table."""
        cells = split(line, self.mark)
        if len(cells) != len(self.phases) + 1 or not all(map(_entry, cells[1:])):
            return None
        label = re.split(r"\s-+\s|\s{2,}|[:|]", cells[0])[-1].strip()
        named = [(name_of(label, phase), text) for phase, text in zip(self.phases, cells[1:], strict=True)]
        return named if label and named[0][0].kind not in {Kind.EPOCH, Kind.STEP} else None


@dataclass(frozen=True)
class _Named:
    # The columns of a table with the name of each value beside it: `metric,value,step`.
    mark: str
    columns: tuple[str, ...]

    def row(self, line: str) -> "list[tuple[Name, str]] | None":
        cells = split(line, self.mark)
        told = dict(zip(self.columns, cells, strict=False))
        if len(cells) != len(self.columns) or not _entry(told["value"]):
            return None
        places = [(named, told[c]) for c in self.columns if (named := name_of(c)).kind in {Kind.STEP, Kind.EPOCH}]
        return [*places, (name_of(told["name"].strip("'\"")), told["value"])]


Columns = Header | Phases | _Named


def phases(line: str) -> Phases | None:
    """The columns of a table of phases; None where a line is no such header."""
    words = [cell.split()[-1:] for cell in split(line, "|")]
    found = tuple(PHASES.get(word[0].lower(), "") for word in words if word)
    first = split(line, "|")[0] if words else ""
    if found and not found[0] and name_of(first).kind is Kind.OTHER:
        found = found[1:]
    return Phases(found) if len(found) > 1 and all(found) and len(set(found)) == len(found) else None


def header(line: str, stem: str = "") -> Header | _Named | None:
    """The header that a line is; None where it is none."""
    for mark in ("|", ",", "\t", ";", "  ", ""):
        titles = split(line, mark) if mark or "  " in line.strip() else []
        columns = [
            "name" if t in {"key", "metric", "tag", "variable"} else t
            for t in (t.strip("'\" ").lower() for t in titles)
        ]
        if mark and len(columns) > 2 and columns.count("name") == columns.count("value") == 1:
            return _Named(mark, tuple(columns))
        if 1 < len(titles) <= _WIDEST and (names := _titles(titles, stem)) is not None:
            spans = () if mark.strip() or mark == "\t" else tuple(f.span() for f in _spans(line, mark))
            return Header(mark, names, spans if len(spans) == len(names) else ())
    return None


def untitled(lines: Iterable[str], stem: str) -> Header | None:
    """The columns of a file of bare numbers: a time, a count, and one value that the file's name names."""
    rows = [line.strip() for line in islice(filter(str.strip, lines), _LOOKED_AT)]
    if not all(map(_BARE.fullmatch, rows)):
        return None
    mark = next((m for m in (",", ";", "\t") if rows and m in rows[0]), "")
    cells = [[cell(c) for c in split(row, mark)] for row in rows]
    if len(cells) < _FEWEST or {len(c) for c in cells} != {len(cells[0])} or len(cells[0]) > _FEWEST:
        return None
    names = [_untitled(column, stem) for column in zip(*cells, strict=True)]
    measured = [n for n in names if n is not None and n.kind in CURVES]
    return Header(mark, tuple(names)) if len(measured) == 1 else None


def _untitled(column: tuple[float | None, ...], stem: str) -> Name | None:
    values = [math.nan if v is None else v for v in column]
    steps = {b - a for a, b in pairwise(values)}
    if len(steps) == 1 and values[0].is_integer() and min(steps) >= 1:
        return name_of("step")
    return None if min(values) > _TIMES else _of_file(stem)


_LOOKED_AT, _FEWEST = 50, 3
_BARE = re.compile(r"[-+.\deEnNaAiIfF,;\s]{1,200}")
_TIMES = 1e9
"""Seconds since 1970 are more."""
_NEAR = 8
"""Characters by which a cell may be off its title on both sides."""


def _spans(line: str, mark: str) -> "Iterator[re.Match[str]]":
    return re.finditer(r"\S+(?: \S+)*" if mark else r"\S+", _BAR.sub("", line))


def _apart(span: tuple[int, int], begin: int, end: int) -> int:
    return min(abs(span[0] - begin), abs(span[1] - end))


def _titles(titles: list[str], stem: str) -> tuple[Name | None, ...] | None:
    first = titles[0].strip("'\" #")
    rest = titles[1:] if not first or first.startswith("Unnamed: ") else titles
    if not all(_TITLE.fullmatch(t) and not any(cell(w) is not None for w in t.split()) for t in rest):
        return None
    if [words_of(t) for t in titles] == _WALL:
        return None, name_of("step"), _of_file(stem)
    names = _apart_from_each_other([_column(t) for t in titles])
    known = [n for n in names if n is not None and n.kind not in {Kind.OTHER, Kind.IGNORED}]
    measured = [n for n in known if n.kind not in {Kind.STEP, Kind.EPOCH}]
    return names if measured and (len(known) > 1 or len(titles) > 3) else None


def _apart_from_each_other(names: list[Name | None]) -> tuple[Name | None, ...]:
    seen = Counter[str]()
    for index, name in enumerate(names):
        if name is not None and name.kind not in {Kind.EPOCH, Kind.STEP, Kind.IGNORED}:
            seen[name.key] += 1
            if seen[name.key] > 1:
                names[index] = replace(name, key=f"{name.key}[{seen[name.key]}]")
    return tuple(names)


def _column(title: str) -> Name | None:
    title = title.strip("'\" ")
    if not title or title.startswith("Unnamed: ") or title.endswith(("__MIN", "__MAX")):
        return None
    return name_of(_LETTERS[title] if title in _LETTERS else title.rsplit(" - ", 1)[-1])


_LETTERS = {"E": "epoch", "e": "epoch", "#": "step"}


def _of_file(stem: str) -> Name:
    named = name_of(stem.rpartition("tag-")[2] or stem)
    return named if named.kind in CURVES else Name(key="value", kind=Kind.OTHER)


def split(line: str, mark: str) -> list[str]:
    """The cells of a line."""
    if mark == "|":
        line = line.translate(_BOXES).strip()
        return [c.strip() for c in line.removeprefix("|").removesuffix("|").split("|")] if "|" in line else []
    if mark.strip() or mark == "\t":
        return [c.strip() for c in line.split(mark)]
    if "%|" in line:
        line = _BAR.sub("", line)
    return [c.strip() for c in line.split("  ") if c.strip()] if mark else line.split()


def _entry(text: str) -> bool:
    text = text.strip().strip("\"'")
    if text.lower() in MISSING or cell(text) is not None:
        return True
    return bool(_TIME.fullmatch(text) or _SIZE.fullmatch(text) or text in {"True", "False", "true", "false"})
