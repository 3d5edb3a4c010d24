"""How columns are read from a text table: CSV with or without a header, commas, semicolons, tabs or blanks."""

import csv
import re
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .bounded import Source

WHOLE = "table"
"""Name of all columns together, (row, column)."""
_COMMENTS = ("#", "%", "!")
_MISSING = {"na", "n/a", "null", "none", "missing", "-", "--", "?"}
"""How programs write a value that was not recorded."""
_TEXT_FACTOR = 20
"""Memory of a parsed text over its bytes, roughly: a cell is a Python text before it is a number."""


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """Names of the columns, or their numbers from 1 without a header, and all together as `table`."""
    names, rows = _parsed(source)
    return {**{name: (len(rows),) for name in names}, WHOLE: (len(rows), len(names))}


def matching(names: list[str], pattern: str) -> list[str]:
    """Columns that a name with `*` or `?` stands for, in the order of the numbers in them."""
    return sorted((name for name in names if fnmatchcase(name, pattern)), key=natural)


def read(source: Source, name: str) -> NDArray[Any]:
    """One column, (row,); several by a name with `*`, (row, column); or the whole table."""
    names, rows = _parsed(source)
    wanted = names if name == WHOLE else [name] if name in names else matching(names, name)
    places = [names.index(each) for each in wanted]
    values = np.array(
        [[_entry(row[place], number, names[place]) for place in places] for number, row in enumerate(rows)]
    )
    return values[:, 0] if name in names else values


def natural(text: str) -> list[Any]:
    """A key that sorts `y2` before `y10`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", text)]


def _parsed(source: Source) -> tuple[list[str], list[list[str]]]:
    """Names of the columns, and the cells of all rows.

    Raises:
        ValueError: rows of different lengths, or no row.
    """
    source.check_size((source.size,), _TEXT_FACTOR, source.path.name)
    text = source.path.read_text(encoding="utf-8-sig")
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(_COMMENTS)]
    if not lines:
        raise ValueError("no row")
    delimiter = next((mark for mark in (";", "\t", ",") if mark in lines[0]), None)
    if delimiter == ";":
        lines = [line.replace(",", ".") for line in lines]
    rows = [line.split() for line in lines] if delimiter is None else list(csv.reader(lines, delimiter=delimiter))
    rows = [[cell.strip() for cell in row] for row in rows]
    names = rows.pop(0) if _is_header(rows[0]) else [str(number + 1) for number in range(len(rows[0]))]
    uneven = next((number for number, row in enumerate(rows) if len(row) != len(names)), None)
    if uneven is not None:
        raise ValueError(f"row {uneven + 1} has {len(rows[uneven])} cells where the first has {len(names)}")
    return names, rows


def _entry(cell: str, row: int, column: str) -> float | complex:
    """The number of a cell.

    Raises:
        InputError: none is there.
    """
    try:
        return _number(cell)
    except ValueError as error:
        raise InputError(
            f"a number in row {row + 1} of column {column[:40]}", repr(cell[:40]) if cell else "an empty cell",
            "a value that was not recorded, or a unit beside the number", "fill it in, or drop the whole scene",
        ) from error  # fmt: skip


def _number(cell: str) -> float | complex:
    """A real or complex number; MATLAB's i and Python's j."""
    try:
        return float(cell)
    except ValueError:
        joined = re.sub(r"\s*([-+*()])\s*|\s+(?=[ij]\b)", r"\1", cell)
        return complex(re.sub(r"[*()]", "", joined).replace("i", "j").replace("jnf", "inf"))


def _is_header(row: list[str]) -> bool:
    """Whether a first row names the columns: texts, and no numbers beside them but those that count columns.

    pandas writes `,0,1,2` above a table; a row of measurements with a gap, `0.1,NA,0.3`, names nothing.
    """
    texts = [cell for cell in row if not _is_number(cell)]
    numbers = [cell for cell in row if _is_number(cell)]
    gaps = bool(numbers) and any(cell.lower() in _MISSING for cell in texts)
    return bool(texts) and not gaps and all(cell.isdecimal() for cell in numbers)


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True
