"""Which lines of a log are dictionaries or rows of a table, and how do they read as `name: value`?"""

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping

_TIME = re.compile(r"[\d:.]+s?")
_NAME = re.compile(r"(?!.*\s[\d.])[A-Za-zΔδ‖_][\w ./|·‖-]*")
_POSITION = re.compile(r"(?:.*[_/ ])?(?:epochs|steps?|iter(?:ation)?s?|batch(?:_idx)?|samples?|time|seconds?)")
"""Names that say where or when a row was written, not what was measured."""


def as_lines(text: str) -> Iterator[str]:
    """The lines of a log, with dictionaries (JSON or Python) and rows under a header spelled `Epoch 3, loss: 0.5`.

    Fractional epochs, as Transformers prints them, count as the epoch that they lie in: 0.32 and 1.0 are epoch 1.

    Args:
        text: the log.
    """
    header: list[str] = []
    for line in text.splitlines():
        cells = _cells(line)
        if (found := _mapping(line)) is not None:
            yield found
        elif _is_header(cells):
            header = cells
        elif len(cells) == len(header) and _is_row(header, cells):
            yield _spelled(dict(zip(header, cells, strict=True)))
        else:
            yield line


def _mapping(line: str) -> str | None:
    """A line whose dictionary is spelled; None where it holds none, or one of settings, without epoch and loss."""
    start, end = line.find("{"), line.rfind("}") + 1
    for read in (json.loads, _literal) if 0 <= start < end else ():
        try:
            found = read(line[start:end])
        except (ValueError, SyntaxError):
            continue
        row = dict(_flat(found)) if isinstance(found, dict) else {}
        if any(_is_epoch(name) or "loss" in name.lower() for name, value in row.items() if _numeric(value)):
            return f"{line[:start]}{_spelled(row)}"
    return None


def _literal(text: str) -> object:
    """A Python literal, in which nan and inf may stand."""
    return ast.literal_eval(re.sub(r"-?\b(?:nan|inf)\b", r"'\g<0>'", text))


def _flat(values: Mapping[object, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}_")
        else:
            yield f"{before}{key}", value


def _cells(line: str) -> list[str]:
    """The cells of a row: between commas, tabs, semicolons or bars, else between spaces."""
    line = line.strip()
    mark = next((mark for mark in ",\t;|" if mark in line), None)
    if mark is not None:
        return [cell.strip().strip("\"'") for cell in line.strip("|").split(mark)]
    return re.split(r"\s{2,}", line) if "  " in line else line.split()


def _is_header(cells: list[str]) -> bool:
    named = {cell.lower() for cell in cells}
    known = "epoch" in named or any("loss" in name for name in named)
    return known and len(cells) > 1 and all(_NAME.fullmatch(cell) for cell in cells)


def _is_row(header: list[str], cells: list[str]) -> bool:
    lead = next((cell for name, cell in zip(header, cells, strict=True) if _is_epoch(name)), None)
    return all(map(_entry, cells)) and any(map(_numeric, cells)) if lead is None else _numeric(lead)


def _entry(cell: str) -> bool:
    return not cell or _numeric(cell) or bool(_TIME.fullmatch(cell))


def _numeric(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return not isinstance(value, bool)


def _is_epoch(name: str) -> bool:
    return name.lower() == "epoch"


def _spelled(row: Mapping[str, object]) -> str:
    """One line that begins with the epoch, without what is no number or no measurement."""
    epochs = [float(str(value)) for name, value in row.items() if _is_epoch(name) and _numeric(value)]
    lead = [f"Epoch {math.ceil(epoch)}" for epoch in epochs if math.isfinite(epoch)]
    return ", ".join([*lead, *(f"{name}: {value}" for name, value in row.items() if _told(name, value))])


def _told(name: str, value: object) -> bool:
    measured = not _is_epoch(name) and not _POSITION.fullmatch(name.lower())
    return measured and (isinstance(value, bool | list) or _numeric(value))
