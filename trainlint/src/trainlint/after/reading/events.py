"""Which scalars does a TensorBoard event file hold? Its framing and messages are read here, without TensorBoard.

A file is a chain of records: length (8 bytes, little endian), checksum (4), payload, checksum (4). A payload is an
`Event` message of protocol buffers: step (field 2) and summary (5), whose values (1) hold a tag (1) and a number,
either `simple_value` (2) or a tensor (8) with one element.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError

_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5
_FRAME = 12
_LARGEST = 1 << 26
"""Bytes of a record; scalars are smaller, and what is larger is skipped."""
_FLOATS = {1: "<f", 2: "<d"}


def is_event_file(path: Path) -> bool:
    """True where a file's name or first record speaks for an event file.

    Args:
        path: of a file.
    """
    if "tfevents" in path.name:
        return True
    with path.open("rb") as file:
        head = file.read(64)
    return len(head) > 24 and struct.unpack("<Q", head[:8])[0] < 200 and b"brain.Event:" in head


def scalars(path: Path) -> Iterator[tuple[str, int, float]]:
    """Tag, step and value of every scalar, in the order written; a record cut short by a kill ends the file.

    Args:
        path: of the event file.

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
    """Field number, wire type, and value of every field of a message.

    Raises:
        IndexError: a field does not fit into its message.
    """
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
    """The element of a tensor of one float or double; None for any other."""
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
