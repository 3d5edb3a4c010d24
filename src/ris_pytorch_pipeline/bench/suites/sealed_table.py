"""How is a table made the bytes of a Parquet file, with a digest of all of them, and read back if that holds?"""

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import ConfigurationError
from ...files import SEAL, blank, check_seal, open_regular, parse_document, sealed

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    raise ConfigurationError(
        "the package pyarrow, which results are kept with",
        str(missing),
        "an install without the extra",
        "pip install 'ris-pytorch-pipeline[bench]'",
    ) from missing

VERSION = {b"version": b"1"}
"""Of the columns, in a table's metadata; a table without it is of version 1."""
DAMAGED = (OSError, ValueError, pa.ArrowException)
"""What reading raises of bytes that are no such table."""


_TAIL = 2**20
"""Bytes at the end of a file, among which its digest is: Parquet's metadata of a file end with those of its keys."""


class SealedFile(io.RawIOBase):
    """A file to write a Parquet file of any size to, which gets the digest of its bytes at the end.

    Args:
        file: open for writing, without a buffer.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self._end, self._size = file, hashlib.sha256(), b"", 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: Any, /) -> int:  # noqa: ANN401
        """Write some bytes, all of them."""
        rest = memoryview(content).cast("B")
        self._digest.update(rest)
        self._end, self._size = (self._end + rest[-_TAIL:].tobytes())[-_TAIL:], self._size + len(rest)
        while rest:
            rest = rest[self._file.write(rest) :]
        return len(memoryview(content).cast("B"))

    def seal(self) -> None:
        """Put the digest where `marked` left room for it."""
        at = self._end.rfind(blank().encode())
        os.pwrite(self._file.fileno(), self._digest.hexdigest().encode(), self._size - len(self._end) + at)


def check_version(schema: "pa.Schema") -> None:
    """Refuse a table of another version.

    Args:
        schema: as read.

    Raises:
        ValueError: naming both.
    """
    held = schema.metadata or {}
    ((key, mine),) = VERSION.items()
    if held.get(key, mine) != mine:
        raise ValueError(f"version {held[key][:20].decode('utf-8', 'replace')}, where version {mine.decode()} is read")


def marked(writer: "pq.ParquetWriter") -> None:
    """Leave room for a digest in the metadata of a file that is about to be closed."""
    writer.add_key_value_metadata({SEAL: json.dumps({SEAL: blank()}, separators=(",", ":"))})


def check_file(path: Path) -> None:
    """Compare a Parquet file with the digest in it, piece by piece.

    Args:
        path: of the file.

    Raises:
        ValueError: another byte than was written, or no seal.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        held = pq.read_metadata(file).metadata or {}
        seal = str(parse_document(held.get(SEAL.encode(), b"{}")).get(SEAL)).encode()
        size, digest = file.seek(0, os.SEEK_END), hashlib.sha256()
        file.seek(0)
        while size - file.tell() > _TAIL:
            digest.update(file.read(min(2**20, size - file.tell() - _TAIL)))
        end = file.read()
    digest.update(end.replace(seal, blank().encode(), 1))
    if len(seal) != len(blank()) or end.count(seal) != 1 or digest.hexdigest().encode() != seal:
        raise ValueError("its digest does not hold: a byte was changed, or it has none")


def table_bytes(table: "pa.Table") -> bytes:
    """A Parquet file of a table; its key `seal` holds the SHA-256 of all bytes, taken with zeros in its place."""
    kept = pa.BufferOutputStream()
    with pq.ParquetWriter(kept, table.schema, compression="zstd", write_page_checksum=True) as writer:
        writer.write_table(table)
        marked(writer)
    return sealed(kept.getvalue().to_pybytes())


def table_of(content: bytes, *, unsealed: bool = False) -> "pa.Table":
    """The table of a Parquet file.

    Args:
        content: its bytes.
        unsealed: also take one without a seal, as earlier versions wrote it, whose pages alone may be checked.

    Returns:
        The table.

    Raises:
        ValueError: another byte than was written, or no seal.
    """
    with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as file:
        text = (file.metadata.metadata or {}).get(SEAL.encode())
        if text is None and not unsealed:
            raise ValueError("no digest in its metadata")
        if text is not None and not check_seal(content, str(parse_document(text).get(SEAL))):
            raise ValueError("its digest does not hold: a byte was changed")
        return whole_table(file)


def whole_table(file: "pq.ParquetFile") -> "pa.Table":
    """All that an open Parquet file holds, without the detour over a dataset, which takes half as long again.

    Args:
        file: whose digest holds.

    Raises:
        ValueError: two columns of one name.
        OSError: it cannot be read.
    """
    names = file.schema_arrow.names
    if len({*names}) < len(names):
        raise ValueError("two columns of one name")
    return file.read()
