"""What is in a .mat of version 5? Its elements, each read within the bytes of the one that holds it.

SciPy's reader ends the interpreter where an element's type is damaged, so that this one is our own: 'MAT-File Format',
The MathWorks, chapter 1. It reads numeric and logical arrays, also in structures and cells. What is compressed is
inflated when it is asked for.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .parts import complex_of

Order = Literal["<", ">"]
_HEADER, _OLD_HEADER = 128, 20
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""NumPy's types of elements of numbers."""
_NUMBERS = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
"""NumPy's types of classes of arrays."""
_CELL, _STRUCT, _OPAQUE = 1, 2, 17
_OTHERS = {
    _CELL: "a cell array", _STRUCT: "a structure", 3: "an object", 4: "a text", 5: "a sparse matrix",
    16: "a function handle", _OPAQUE: "a table, a string or another object",
}  # fmt: skip
_COMPLEX, _MOST_AXES = 0x0800, 32
_BEGINNING = 4096
"""Bytes that are inflated to know a variable's name and shape."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """An array whose numbers are not read yet.

    Args:
        name: of it; empty for one inside a structure.
        shape: of it; empty where the file does not say.
        kind: its class.
        complex: whether an imaginary part follows the real one.
        data: the bytes of its element, or those that inflate to it.
        compressed: which of both.
        order: of bytes.
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    complex: bool
    data: memoryview
    compressed: bool
    order: Order

    @property
    def other(self) -> str:
        """What it is in place of an array of numbers; empty for one."""
        return _OTHERS.get(self.kind, "")

    @property
    def has_cells(self) -> bool:
        """Whether it is a cell array."""
        return self.kind == _CELL

    def parts(self, limit: int) -> Iterator[tuple[int, memoryview]]:
        """Type and bytes of what stands behind its header.

        Args:
            limit: bytes that it may inflate to.

        Raises:
            ValueError: bytes that inflate to no array.
            OverflowError: more than the limit.
        """
        data = self.data
        if self.compressed:
            kind, data = next(_elements(memoryview(_inflated(data, limit)), self.order), (0, data))
            if kind != _MATRIX:
                raise ValueError("a compressed element that holds no array")
        return islice(_elements(data, self.order), 3, None)


def variables(content: bytes) -> dict[str, Variable]:
    """The variables of a file, by name; those that are no numbers too.

    Args:
        content: of the file.

    Raises:
        ValueError: no such file, or an element that is cut short.
    """
    order: Order | None = {b"IM": "<", b"MI": ">"}.get(content[126:_HEADER])  # pyright: ignore[reportAssignmentType]
    if order is None or struct.unpack(f"{order}H", content[124:126]) != (0x0100,):
        raise ValueError("no .mat of version 5, 6, 7 or 7.3")
    found = dict[str, Variable]()
    for kind, data in _elements(memoryview(content)[_HEADER:], order):
        made = _variable(data, order, compressed=kind == _COMPRESSED) if kind in (_MATRIX, _COMPRESSED) else None
        if made is not None and made.name:
            found[made.name] = made
    return found


def is_version_4(content: bytes) -> bool:
    """Whether a file begins as those of MATLAB before version 5 do: type, rows, columns, complex, length of a name.

    Args:
        content: of the file.
    """
    heads = [struct.unpack(f"{order}5i", content[:_OLD_HEADER]) for order in "<>"] if content[_OLD_HEADER:] else []
    return any(0 <= kind < 5000 and imag in (0, 1) and 1 < size < 1000 for kind, _, _, imag, size in heads)


def numbers(variable: Variable, limit: int) -> NDArray[Any]:
    """The numbers of a variable, of its class, in MATLAB's order of axes and the machine's order of bytes.

    Args:
        variable: of numbers.
        limit: bytes that it may inflate to.

    Raises:
        ValueError: no numbers, or more or fewer than its shape says.
        OverflowError: more than the limit.
    """
    if variable.kind not in _NUMBERS:
        raise ValueError(f"{variable.other} in place of an array of numbers")
    parts = list(islice(variable.parts(limit), 1 + variable.complex))
    if len(parts) < 1 + variable.complex:
        raise ValueError("an array without its numbers")
    values = [_plain(*part, variable) for part in parts]
    whole = complex_of(*values) if variable.complex else values[0]
    return whole.reshape(variable.shape, order="F")


def records(variable: Variable, limit: int) -> list[dict[str, Variable]]:
    """The fields of each element of an array of structures, the first axis fastest; of anything else, none.

    Args:
        variable: the structure.
        limit: bytes that it may inflate to.

    Raises:
        ValueError: fields that are cut short.
        OverflowError: more than the limit.
    """
    if variable.kind != _STRUCT or not math.prod(variable.shape):
        return []
    parts = variable.parts(limit)
    head = [data for _, data in islice(parts, 2)]
    size = struct.unpack_from(f"{variable.order}i", head[0])[0] if len(head) == 2 and len(head[0]) >= 4 else 0
    if size < 1 or len(head[1]) % size:
        raise ValueError("a structure whose names of fields are cut short")
    texts = [bytes(head[1][at : at + size]).split(b"\0")[0].decode("latin-1") for at in range(0, len(head[1]), size)]
    made = [_variable(data, variable.order) for _, data in parts] if texts else []
    wanted = len(texts) * math.prod(variable.shape)
    if len(made) < wanted:
        raise ValueError(f"a structure of {wanted} fields, {len(made)} of which are there")
    rows = (made[at : at + len(texts)] for at in range(0, wanted, max(1, len(texts))))
    return [{name: one for name, one in zip(texts, row, strict=True) if one is not None} for row in rows]


def cells(variable: Variable, limit: int) -> list[Variable | None]:
    """What is in the cells of a cell array, the first axis fastest; None in an empty one.

    Args:
        variable: the cell array.
        limit: bytes that it may inflate to.

    Raises:
        ValueError: cells that are cut short.
        OverflowError: more than the limit.
    """
    made = [_variable(data, variable.order) for _, data in variable.parts(limit)]
    if len(made) < math.prod(variable.shape):
        raise ValueError(f"a cell array of {variable.shape}, {len(made)} cells of which are there")
    return made[: math.prod(variable.shape)]


def _elements(data: memoryview, order: Order) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of each element.

    Raises:
        ValueError: one that is cut short.
    """
    place = 0
    while place < len(data):
        if place + 8 > len(data):
            raise ValueError(f"{len(data) - place} bytes behind the last element")
        kind, size = struct.unpack_from(f"{order}II", data, place)
        begin, place = place + 8, place + 8 + size + (-size % 8 if kind != _COMPRESSED else 0)
        if kind >> 16:  # a small element, whose bytes stand in its tag
            kind, size, begin, place = kind & 0xFFFF, kind >> 16, begin - 4, begin
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        if begin + size > len(data):
            raise ValueError(f"an element of {size} bytes, where {len(data) - begin} are left")
        yield kind, data[begin : begin + size]


def _variable(data: memoryview, order: Order, *, compressed: bool = False) -> Variable | None:
    """The array of an element; None where it is of a class that is not known here.

    Raises:
        ValueError: a header that is none.
    """
    begun = _begun(data, order) if compressed else data
    head = [part for _, part in islice(_elements(begun, order), 3)]
    if not head:  # an empty field
        return None
    if len(head) < 3 or len(head[0]) != 8:
        raise ValueError("an array without its header")
    flags = struct.unpack_from(f"{order}I", head[0])[0]
    kind, name, shape = flags & 0xFF, head[2], tuple[int, ...]()
    if kind == _OPAQUE:  # which has no shape before its name
        name = head[1]
    elif kind in _NUMBERS or kind in _OTHERS:
        shape = _shape(head[1], order)
    else:
        return None
    return Variable(
        name=bytes(name).decode("latin-1"), shape=shape, kind=kind, complex=bool(flags & _COMPLEX), data=data,
        compressed=compressed, order=order,
    )  # fmt: skip


def _shape(data: memoryview, order: Order) -> tuple[int, ...]:
    """Lengths of the axes.

    Raises:
        ValueError: that no array has.
    """
    if len(data) % 4 or not 8 <= len(data) <= 4 * _MOST_AXES:
        raise ValueError(f"{len(data)} bytes of a shape")
    shape = struct.unpack(f"{order}{len(data) // 4}i", data)
    if min(shape) < 0:
        raise ValueError(f"an array of shape {shape}")
    return shape


def _plain(kind: int, data: memoryview, variable: Variable) -> NDArray[Any]:
    """Numbers of one element, which may be of a smaller type than their class: MATLAB stores few digits so.

    Raises:
        ValueError: of no type of numbers, or another count than the shape says.
    """
    held = np.dtype(f"{variable.order}{_TYPES.get(kind, 'V0')}")
    made = np.dtype(_NUMBERS[variable.kind])
    if kind not in _TYPES or (held.kind == "f" and made.kind != "f"):
        raise ValueError(f"an element of type {kind} in place of numbers of class {made}")
    if len(data) != math.prod(variable.shape) * held.itemsize:
        raise ValueError(f"{len(data)} bytes where {variable.shape} numbers of {held.itemsize} are wanted")
    return np.frombuffer(data, dtype=held).astype(made)


def _begun(data: memoryview, order: Order) -> memoryview:
    """The first bytes of the array in a compressed element; none where it holds something else.

    Raises:
        ValueError: bytes that do not inflate.
    """
    try:
        begin = memoryview(zlib.decompressobj().decompress(data, _BEGINNING))
    except zlib.error as error:
        raise ValueError(f"a compressed element: {error}") from error
    return begin[8:] if len(begin) > 8 and struct.unpack_from(f"{order}I", begin) == (_MATRIX,) else begin[:0]


def _inflated(data: memoryview, limit: int) -> bytes:
    """What a compressed element inflates to.

    Raises:
        ValueError: bytes that do not inflate, or are cut short.
        OverflowError: more than the limit.
    """
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise ValueError(f"a compressed element: {error}") from error
    if len(inflated) > limit:
        raise OverflowError(f"a compressed variable that inflates to more than {limit} bytes")
    if not stream.eof:
        raise ValueError("a compressed element that is cut short")
    return inflated
