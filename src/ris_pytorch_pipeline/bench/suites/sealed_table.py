"""How is a table made the bytes of a Parquet file, with a digest of all of them, and read back if that holds?"""

import json

from ...errors import ConfigurationError
from ...files import SEAL, blank, check_seal, parse_document, sealed

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

DAMAGED = (OSError, ValueError, pa.ArrowException)
"""What reading raises of bytes that are no such table."""


def table_bytes(table: "pa.Table") -> bytes:
    """A Parquet file of a table; its key `seal` holds the SHA-256 of all bytes, taken with zeros in its place."""
    kept = pa.BufferOutputStream()
    with pq.ParquetWriter(kept, table.schema, compression="zstd", write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({SEAL: json.dumps({SEAL: blank()}, separators=(",", ":"))})
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
    held = pq.read_metadata(pa.BufferReader(content)).metadata or {}
    text = held.get(SEAL.encode())
    if text is None and not unsealed:
        raise ValueError("no digest in its metadata")
    if text is not None and not check_seal(content, str(parse_document(text).get(SEAL))):
        raise ValueError("its digest does not hold: a byte was changed")
    return pq.read_table(pa.BufferReader(content), page_checksum_verification=True)
