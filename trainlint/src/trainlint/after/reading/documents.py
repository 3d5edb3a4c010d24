"""What curves does a file hold that is no lines of text: a JSON document, or TensorBoard's events?

A record of an event file: length (8 bytes, little endian), checksum (4), an `Event` of protocol buffers, checksum (4).
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import InputError
from .names import CURVES, name_of
from .numerals import LONGEST, cell, refuse

Row = list[tuple[str, float | None]]
_DEEPEST = 12
"""Levels below which no curve is looked for."""


def document(text: str) -> Any | None:  # noqa: ANN401
    """The text as one JSON document; None where it is none.

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
    """The rows of all curves in a document."""
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
    if "values" in columns and depth:
        columns[stem] = columns.pop("values")
    for index in range(max(map(len, columns.values()), default=0)):
        cells = [(n, v[index]) for n, v in columns.items() if index < len(v)]
        own = any(name in {"epoch", "step", "epochs", "steps"} for name in columns)
        yield [*([] if own else [("epoch", index + 1.0)]), *cells]
    for name, inner in found.items():
        if name not in columns and isinstance(inner, list | dict):
            yield from _rows(inner, name if name_of(name).kind in CURVES else stem, depth + 1)
    if not depth and not columns and not any(isinstance(v, list | dict) for v in found.values()):
        yield _flat(found)


def _by_epoch(found: dict[str, Any]) -> Iterator[Row] | None:
    keyed = [(_number(k.removeprefix("epoch").strip("_ ")), v) for k, v in found.items()]
    if len(keyed) < 2 or any(k is None or not isinstance(v, dict) for k, v in keyed):
        return None
    return iter([[("epoch", k), *_flat(v)] for k, v in keyed if k is not None])


def _column(column: Any) -> list[float | None] | None:  # noqa: ANN401
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


_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5
_FRAME = 12
_LARGEST = 1 << 26
"""Bytes of a record; scalars are smaller, and what is larger is skipped."""
_FLOATS = {1: "<f", 2: "<d"}


def is_event_file(path: Path) -> bool:
    """True where a file's name or first record speaks for an event file."""
    if "tfevents" in path.name:
        return True
    with path.open("rb") as file:
        head = file.read(64)
    return len(head) > 24 and struct.unpack("<Q", head[:8])[0] < 200 and b"brain.Event:" in head


def scalars(path: Path) -> Iterator[tuple[str, int, float]]:
    """Tag, step and value of every scalar, in the order written; a record cut short by a kill ends the file.

    Raises:
        InputError: a record is broken, or none is there.
    """
    seen = False
    try:
        for payload in _records(path):
            seen = True
            yield from _event(memoryview(payload))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise InputError(*_broken(path, str(error))) from error
    if not seen:
        raise InputError(*_broken(path, "no whole record"))


def _broken(path: Path, told: str) -> tuple[str, str, str, str]:
    return "a TensorBoard event file", f"{path.name}: {told}", "a damaged file", "copy it again, or export CSV"


def _records(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        while len(frame := file.read(_FRAME)) == _FRAME:
            length = struct.unpack("<Q", frame[:8])[0]
            if length > size:
                raise struct.error(f"a record of {length} bytes in a file of {size}")
            if length > _LARGEST:
                file.seek(length + 4, 1)
                continue
            payload = file.read(length)
            if len(payload) < length or len(file.read(4)) < 4:
                return
            yield payload


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80 or shift > 63:
            return value, at


def _fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield field, wire, value
            continue
        length = {_DOUBLE: 8, _FLOAT: 4}.get(wire)
        if wire == _BYTES:
            length, at = _varint(data, at)
        if length is None or at + length > len(data):
            raise IndexError(f"field {field} of type {wire} does not fit")
        yield field, wire, data[at : at + length]
        at += length


def _event(data: memoryview) -> Iterator[tuple[str, int, float]]:
    step, summary = 0, None
    for field, wire, value in _fields(data):
        if field == 2 and isinstance(value, int):
            step = value - (1 << 64) if value >> 63 else value
        elif field == 5 and wire == _BYTES:
            summary = value
    for field, _, value in _fields(summary) if isinstance(summary, memoryview) else ():
        if field == 1 and isinstance(value, memoryview):
            tag, number = _value(value)
            if number is not None:
                yield tag, step, number


def _value(data: memoryview) -> tuple[str, float | None]:
    tag, number = "", None
    for field, wire, value in _fields(data):
        if not isinstance(value, memoryview):
            continue
        if field == 1:
            tag = bytes(value).decode()
        elif field == 2 and wire == _FLOAT:
            number = struct.unpack("<f", value)[0]
        elif field == 8:
            number = _tensor(value)
    return tag, number


def _tensor(data: memoryview) -> float | None:
    kind, content, listed = 0, b"", b""
    for field, _, value in _fields(data):
        if field == 1 and isinstance(value, int):
            kind = value
        elif field == 4 and isinstance(value, memoryview):
            content = bytes(value)
        elif field in {5, 6} and isinstance(value, memoryview):
            listed = bytes(value)
    form = _FLOATS.get(kind)
    found = content or listed
    return struct.unpack(form, found)[0] if form is not None and len(found) == struct.calcsize(form) else None
