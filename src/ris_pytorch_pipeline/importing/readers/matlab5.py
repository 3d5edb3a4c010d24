"""What is in a .mat of version 5? Its elements, each read within the bytes of the one that holds it.

SciPy's reader ends the interpreter where an element's type is damaged, so that this one is our own: 'MAT-File Format',
The MathWorks, chapter 1. It reads numeric and logical arrays, also as fields of structures.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["<", ">"]
_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""NumPy's types of elements of numbers."""
_STRUCT, _NUMBERS = 2, range(6, 16)
"""Classes of arrays: a structure, and those of numbers."""
_COMPLEX, _CLASSES = 0x0800, range(1, 16)
_CHUNK, _MOST_AXES = 2**20, 32


@dataclass(frozen=True, kw_only=True)
class Variable:
    """An array whose numbers are not read yet.

    Args:
        name: of it; empty for one inside a structure.
        shape: of it.
        kind: its class.
        complex: whether an imaginary part follows the real one.
        parts: the bytes behind its name.
        order: of bytes.
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    complex: bool
    parts: memoryview
    order: Order


def variables(content: bytes, limit: int) -> dict[str, Variable]:
    """The variables of a file, by name.

    Args:
        content: of the file.
        limit: bytes that all compressed ones may inflate to.

    Raises:
        ValueError: no such file, or an element that is cut short.
        OverflowError: more than the limit.
    """
    if len(content) < _HEADER or content[126:128] not in (b"IM", b"MI") or 1 not in content[124:126]:
        raise ValueError("no .mat of version 5 or 7.3: save it with -v7")
    order: Order = "<" if content[126:128] == b"IM" else ">"
    found, left = dict[str, Variable](), limit
    for kind, data in _elements(memoryview(content)[_HEADER:], order):
        if kind == _COMPRESSED:
            inflated = _inflated(data, left)
            left -= len(inflated)
            inside = list(_elements(memoryview(inflated), order))
            kind, data = inside[0] if inside else (0, data)
        made = _variable(data, order) if kind == _MATRIX else None
        if made is not None and made.name:
            found[made.name] = made
    return found


def numbers(variable: Variable) -> NDArray[Any]:
    """The numbers of a variable, in MATLAB's order of axes.

    Raises:
        ValueError: no numbers, or more or fewer than its shape says.
    """
    if variable.kind not in _NUMBERS:
        raise ValueError("texts, cells, a structure or a sparse matrix in place of an array of numbers")
    parts = _elements(variable.parts, variable.order)
    values = [_plain(*next(parts, (0, memoryview(b""))), variable) for _ in range(1 + variable.complex)]
    whole = values[0] + 1j * values[1] if variable.complex else values[0]
    return whole.reshape(variable.shape, order="F")


def fields(variable: Variable) -> dict[str, Variable]:
    """The fields of a structure of one element; of anything else, none.

    Raises:
        ValueError: fields that are cut short.
    """
    if variable.kind != _STRUCT or math.prod(variable.shape) != 1:
        return {}
    parts = _elements(variable.parts, variable.order)
    (_, width), (_, names) = next(parts), next(parts)
    size = struct.unpack(f"{variable.order}i", width[:4])[0]
    if size < 1 or len(names) % size:
        raise ValueError("a structure whose names of fields are cut short")
    texts = [bytes(names[at : at + size]).split(b"\0")[0].decode("latin-1") for at in range(0, len(names), size)]
    made = [_variable(data, variable.order) for _, data in parts]
    return {name: one for name, one in zip(texts, made, strict=False) if one is not None}


def _elements(data: memoryview, order: Order) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of each element.

    Raises:
        ValueError: one that is cut short.
    """
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        begin, place = place + 8, place + 8 + size + (-size % 8 if kind != _COMPRESSED else 0)
        if kind >> 16:  # a small element, whose bytes stand in its tag
            kind, size, begin, place = kind & 0xFFFF, kind >> 16, begin - 4, begin
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        if begin + size > len(data):
            raise ValueError(f"an element of {size} bytes, where {len(data) - begin} are left")
        yield kind, data[begin : begin + size]


def _variable(data: memoryview, order: Order) -> Variable | None:
    """The array of an element; None where it is of a class that is not known here.

    Raises:
        ValueError: a header that is none.
    """
    head = [part for part, _ in zip(_elements(data, order), range(3), strict=False)]
    if not head:  # an empty field
        return None
    if len(head) < 3 or len(head[0][1]) != 8 or len(head[1][1]) % 4:
        raise ValueError("an array without its header")
    flags = struct.unpack(f"{order}II", head[0][1])[0]
    shape = struct.unpack(f"{order}{len(head[1][1]) // 4}i", head[1][1])
    if flags & 0xFF not in _CLASSES:
        return None
    if not 2 <= len(shape) <= _MOST_AXES or min(shape) < 0:
        raise ValueError(f"an array of shape {shape[:_MOST_AXES]}")
    return Variable(
        name=bytes(head[2][1]).decode("latin-1"), shape=shape, kind=flags & 0xFF, complex=bool(flags & _COMPLEX),
        parts=data[sum(_spans(data, order)) :], order=order,
    )  # fmt: skip


def _spans(data: memoryview, order: Order) -> Iterator[int]:
    """Bytes that each of the three elements of a header takes, its tag and padding included."""
    place = 0
    for _ in range(3):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        span = 8 if kind >> 16 else 8 + size + -size % 8
        yield span
        place += span


def _plain(kind: int, data: memoryview, variable: Variable) -> NDArray[Any]:
    """Numbers of one element.

    Raises:
        ValueError: of no type of numbers, or another count than the shape says.
    """
    if kind not in _TYPES:
        raise ValueError(f"an element of type {kind} in place of numbers")
    held = np.dtype(f"{variable.order}{_TYPES[kind]}")
    if len(data) != math.prod(variable.shape) * held.itemsize:
        raise ValueError(f"{len(data)} bytes where {variable.shape} numbers of {held.itemsize} are wanted")
    return np.frombuffer(data, dtype=held)


def _inflated(data: memoryview, limit: int) -> bytes:
    """What a compressed element inflates to.

    Raises:
        OverflowError: more than the limit.
    """
    stream, parts, total, rest = zlib.decompressobj(), list[bytes](), 0, bytes(data)
    while rest and not stream.eof:
        parts.append(stream.decompress(rest, _CHUNK))
        total, rest = total + len(parts[-1]), stream.unconsumed_tail
        if total > limit:
            raise OverflowError(f"compressed variables that inflate to more than {limit} bytes")
    return b"".join(parts)
