"""How are tensors kept in a file? In the safetensors format, sealed, and read back within the bounds of the file."""

import json
import math
import os
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .atomic import write_whole
from .content import Content
from .document import parse_document
from .kinds import kind_of
from .regular import descriptor_of
from .seal import SEAL, blank, check_seal, sealed

TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
"""Types by the name that the format gives them."""
_NAMES = {kind: name for name, kind in TYPES.items()}
MOST_HEADER = 2**24
"""Bytes of a header; ours have a few hundred thousand at most."""
_CHUNK = 2**20
_KNOWN = {"header", "format", SEAL}
"""Keys that a file's metadata may have."""
_OF_TENSOR = {"dtype", "shape", "data_offsets"}
"""Keys that the entry of a tensor has."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: str, *, overwrite: bool = True) -> None:
    """Write tensors behind a header, whole or not at all, with a digest of every byte.

    Args:
        path: of the file.
        tensors: on any device; complex ones as their real views.
        header: what the file says of itself.
        overwrite: replace a file that is there.

    Raises:
        OSError: it cannot be written, or exists and `overwrite` is False.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    stored = {name: tensors[name].detach().cpu().contiguous() for name in order}
    places, end = dict[str, Any]({"__metadata__": {"header": header, SEAL: blank()}}), 0
    for name, value in stored.items():
        begin, end = end, end + value.numel() * value.element_size()
        places[name] = {"dtype": _NAMES[value.dtype], "shape": list(value.shape), "data_offsets": [begin, end]}
    text = json.dumps(places, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    content = [_bytes(value) for value in stored.values() if value.numel()]
    write_whole(path, [sealed(struct.pack("<Q", len(text)) + text, content), *content], overwrite=overwrite)


def _bytes(value: Tensor) -> memoryview:
    """The memory of a tensor, not copied."""
    return value.reshape(-1).view(torch.uint8).numpy().data


class StoredTensors:
    """An open file of tensors whose header is known to fit the file.

    Args:
        descriptor: of the file.
        head: its first bytes, the header included.
        size: of the file.

    Raises:
        ValueError: the header is none of the format's, or says what the file cannot hold.
    """

    def __init__(self, descriptor: int, head: bytes, size: int) -> None:
        self._descriptor, self._head = descriptor, head
        values = parse_document(head[8:])
        if not isinstance(values, dict):
            raise ValueError("a header that is no table")
        self.metadata = _metadata(values.pop("__metadata__", {}))
        self._places = {name: _place(name, value) for name, value in values.items()}
        _check_cover(self._places, size - len(head))

    @property
    def names(self) -> list[str]:
        """Of the tensors."""
        return list(self._places)

    @property
    def seal(self) -> str | None:
        """The digest that the file holds; None in a file of an earlier version or another program."""
        return self.metadata.get(SEAL)

    def kind(self, name: str) -> tuple[torch.dtype, tuple[int, ...]]:
        """Type and shape of a tensor, which is not read."""
        return self._places[name][:2]

    def check(self) -> bool:
        """Whether every byte of the file is as it was written, by its seal."""
        return self.seal is not None and check_seal(self._head, self.seal, self._chunks())

    def tensor(self, name: str, part: slice | None = None) -> Tensor:
        """A tensor, or some of its rows; no others are read.

        Args:
            name: of the tensor.
            part: rows; None takes all.

        Returns:
            A tensor of its own memory, on the CPU.

        Raises:
            ValueError: rows of a tensor without axes, or a file that became shorter meanwhile.
        """
        kind, shape, begin, end = self._places[name]
        if part is not None:
            if not shape:
                raise ValueError(f"{name} without axes, of which some rows were asked for")
            first, last, _ = part.indices(shape[0])
            row = (end - begin) // max(shape[0], 1)
            begin, end, shape = begin + first * row, begin + max(first, last) * row, (max(last - first, 0), *shape[1:])
        if begin == end:
            return torch.empty(shape, dtype=kind)
        content = bytearray(end - begin)
        self._read(memoryview(content), len(self._head) + begin)
        return torch.frombuffer(content, dtype=kind).reshape(shape)

    def _read(self, into: memoryview, at: int) -> None:
        while into:
            got = os.preadv(self._descriptor, [into], at)
            if not got:
                raise ValueError("the file became shorter while it was read")
            into, at = into[got:], at + got

    def _chunks(self) -> Iterator[bytes]:
        at = len(self._head)
        while chunk := os.pread(self._descriptor, _CHUNK, at):
            yield chunk
            at += len(chunk)


@contextmanager
def read_tensors(path: Path | Content, *, check: bool = True) -> Iterator[StoredTensors]:
    """A file of tensors, open until the block ends.

    Args:
        path: of the file, or its bytes.
        check: compare the whole file with its seal, if it has one, before anything of it is used.

    Yields:
        The file.

    Raises:
        OSError: missing, no permission, a link or no ordinary file.
        ValueError: no such file format, or changed since it was written.
    """
    descriptor = path.descriptor() if isinstance(path, Content) else descriptor_of(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        stored = StoredTensors(descriptor, _head(descriptor, size), size)
        if check and stored.seal is not None and not stored.check():
            raise ValueError("its digest does not fit: it was changed since it was written")
        yield stored
    finally:
        os.close(descriptor)


def warn_unsealed(stored: StoredTensors, path: Path | Content) -> None:
    """Say of a file that is read that nothing can vouch for its bytes.

    Args:
        stored: the file.
        path: of it.

    Warns:
        UserWarning: an earlier version, or another program, wrote no digest into it.
    """
    if stored.seal is None:
        warnings.warn(f"{path} has no digest of its bytes, as files of earlier versions: not verified", stacklevel=3)


def _head(descriptor: int, size: int) -> bytes:
    """The first bytes of a file, up to the end of its header, once its length is known to be possible.

    Raises:
        ValueError: it is not.
    """
    first = os.pread(descriptor, 8, 0)
    length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
    if not 2 <= length <= min(MOST_HEADER, size - 8):
        if kind := kind_of(first):
            raise ValueError(kind)
        raise ValueError(f"a header of {length} bytes in a file of {size}, which is none of safetensors, or cut short")
    head = os.pread(descriptor, 8 + length, 0)
    if len(head) != 8 + length or head.count(b"{") + head.count(b"[") > 2**20:
        raise ValueError("a header that is cut short, or with millions of parts")
    return head


def _metadata(values: Any) -> dict[str, str]:  # noqa: ANN401
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise ValueError("metadata other than texts by name")
    foreign = sorted(values.keys() - _KNOWN)
    if foreign:
        raise ValueError(f"metadata with a foreign key {foreign[0][:40]!r}")
    return values


def _place(name: str, value: Any) -> tuple[torch.dtype, tuple[int, ...], int, int]:  # noqa: ANN401
    """Type, shape, begin and end of a tensor.

    Raises:
        ValueError: an entry that describes none.
    """
    if not isinstance(value, dict) or value.keys() != _OF_TENSOR:
        raise ValueError(f"an entry {name[:40]!r} that describes no tensor")
    kind, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(kind, str) or kind not in TYPES:
        raise ValueError(f"{name[:40]!r} of type {str(kind)[:20]}, which is not read here")
    whole = isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2 and len(shape) <= 16
    if not whole or any([type(n) is not int or n < 0 for n in shape + offsets]):  # a list, faster than a generator
        raise ValueError(f"{name[:40]!r} with a shape or place that is none")
    if offsets[1] - offsets[0] != math.prod(shape) * TYPES[kind].itemsize:
        raise ValueError(f"{name[:40]!r} of shape {shape} in {offsets[1] - offsets[0]} bytes")
    return TYPES[kind], tuple(shape), *offsets


def _check_cover(places: Mapping[str, tuple[torch.dtype, tuple[int, ...], int, int]], size: int) -> None:
    """Refuse tensors that overlap, leave holes, or go beyond the file: every byte belongs to one of them.

    Raises:
        ValueError: any of these.
    """
    end = 0
    for _, _, begin, last in sorted(places.values(), key=lambda place: place[2:]):
        if begin != end:
            raise ValueError("tensors that overlap or leave holes")
        end = last
    if end != size:
        raise ValueError(f"{size} bytes of tensors where the header says {end}: cut short, or with more behind it")
