"""What curves does a JSON document hold? Lists of rows, columns by name, or triples of time, step and value."""

import json
from collections.abc import Iterator
from typing import Any

from ...errors import InputError
from .numerals import LONGEST, cell, refuse

Row = list[tuple[str, float | None]]
_DEEPEST = 12
"""Levels below which no curve is looked for."""


def document(text: str) -> Any | None:  # noqa: ANN401
    """The text as one JSON document; None where it is none.

    Args:
        text: of a file.

    Raises:
        InputError: it is nested deeper than any program writes, or holds a number without end.
    """
    try:
        return json.loads(text, parse_int=_whole, parse_float=_whole)
    except RecursionError as error:
        told = "one that is nested too deep to be read"
        raise InputError("a JSON document of a training", told, "a damaged file", "pass the training's log") from error
    except InputError:
        raise
    except ValueError:
        return None


def _whole(token: str) -> float:
    if len(token) > LONGEST:
        refuse(token)
    return float(token)


def rows(found: Any, stem: str = "value") -> Iterator[Row]:  # noqa: ANN401
    """The rows of all curves in a document.

    Args:
        found: a document.
        stem: the file's name, which names the only value of a TensorBoard export.

    >>> list(rows({"log_history": [{"loss": 0.5, "step": 1}]}))
    [[('loss', 0.5), ('step', 1.0)]]
    >>> list(rows({"loss": [0.5, 0.4]}))
    [[('epoch', 1.0), ('loss', 0.5)], [('epoch', 2.0), ('loss', 0.4)]]
    """
    yield from _rows(found, stem, 0)


def _rows(found: Any, stem: str, depth: int) -> Iterator[Row]:  # noqa: ANN401
    if depth > _DEEPEST:
        return
    if isinstance(found, list):
        if found and all(isinstance(t, list) and len(t) == 3 and _number(t[2]) is not None for t in found):
            for t in found:
                yield [("step", float(t[1])), (stem, float(t[2]))]
            return
        for entry in found:
            yield from _entry(entry, stem, depth)
    elif isinstance(found, dict):
        yield from _mapping(found, stem, depth)


def _entry(entry: Any, stem: str, depth: int) -> Iterator[Row]:  # noqa: ANN401
    row = _flat(entry) if isinstance(entry, dict) else []
    if any(value is not None for _, value in row):
        yield row
    elif isinstance(entry, list | dict):
        yield from _rows(entry, stem, depth + 1)


def _mapping(found: dict[str, Any], stem: str, depth: int) -> Iterator[Row]:
    if (by_epoch := _by_epoch(found)) is not None:
        yield from by_epoch
        return
    columns = {name: values for name, column in found.items() if (values := _column(column)) is not None}
    for index in range(max(map(len, columns.values()), default=0)):
        cells = [(n, v[index]) for n, v in columns.items() if index < len(v)]
        own = any(name in {"epoch", "step", "epochs", "steps"} for name in columns)
        yield [*([] if own else [("epoch", index + 1.0)]), *cells]
    for name, inner in found.items():
        if name not in columns and isinstance(inner, list | dict):
            yield from _rows(inner, stem, depth + 1)
    if not depth and not columns and not any(isinstance(v, list | dict) for v in found.values()):
        yield _flat(found)


def _by_epoch(found: dict[str, Any]) -> Iterator[Row] | None:
    """`{"1": {"loss": 0.5}, "2": {"loss": 0.4}}`."""
    keyed = [(_number(k.removeprefix("epoch").strip("_ ")), v) for k, v in found.items()]
    if len(keyed) < 2 or any(k is None or not isinstance(v, dict) for k, v in keyed):
        return None
    return iter([[("epoch", k), *_flat(v)] for k, v in keyed if k is not None])


def _column(column: Any) -> list[float | None] | None:  # noqa: ANN401
    """A list of numbers, or a mapping from row numbers to them as data frames are written."""
    if isinstance(column, dict) and column and all(k.isdigit() for k in column):
        column = list(column.values())
    if not isinstance(column, list) or not column or any(isinstance(v, list | dict) for v in column):
        return None
    values = [_number(v) for v in column]
    return values if any(v is not None for v in values) else None


def _flat(entry: dict[str, Any], before: str = "", depth: int = 0) -> Row:
    row: Row = []
    for name, value in entry.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            row += _flat(value, f"{before}{name}/", depth + 1)
        elif value is None or _number(value) is not None:
            row.append((f"{before}{name}", _number(value)))
    return row


def _number(value: Any) -> float | None:  # noqa: ANN401
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return cell(value) if isinstance(value, str) and len(value) < 40 else None
