"""Was a ledger changed since it was written? A record ends in the CRC-32 of the line before it, and in its own."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError

AFTER, CHECKSUM = "after", "crc"
"""Names of those fields, the first of which `trainlint` compares too."""
_END = re.compile(rb', "crc": "([0-9a-f]{8})"}(.?)\Z', re.DOTALL)
_AFTER = re.compile(rb', "after": "([0-9a-f]{8})"\Z')
_BEGINS = re.compile(rb'{"event": "(start|resume)"')
_MOVE = "put a copy of the ledger there, or start a new run"


def summed(text: str, before: bytes | None = None) -> str:
    """A JSON object with its checksum as the last field, behind that of the line before it.

    >>> summed('{"event": "end"}')
    '{"event": "end", "crc": "67fbb546"}'
    >>> summed('{"event": "end"}', b"")
    '{"event": "end", "after": "00000000", "crc": "6f04f38b"}'

    Args:
        text: of the object.
        before: the line before it, without its end; empty before the first, None where it is not to be named.
    """
    if before is not None:
        text = f'{text[:-1]}, "{AFTER}": "{zlib.crc32(before):08x}"}}'
    return f'{text[:-1]}, "{CHECKSUM}": "{zlib.crc32(text.encode()):08x}"}}'


def check_lines(path: Path, content: bytes) -> None:
    """Compare each record of a ledger with its checksum, and with the line that it was written behind.

    A session without checksums, or whose records do not name the line before, is of an earlier version.

    Args:
        path: of the ledger, for the message.
        content: of it.

    Raises:
        InputError: naming a line that is not as it was written, or not where it was written.
    """
    above, sealed = b"", False
    for number, line in enumerate(_lines(content), start=1):
        end = _END.search(line)
        fits = end is None or (not end[2] and int(end[1], 16) == zlib.crc32(line[: end.start()] + b"}"))
        begins = number == 1 or _BEGINS.match(line) is not None
        if not fits or not (begins or sealed == (end is not None)):
            raise InputError(
                f"the ledger of the run, {path}, as it was written", f"line {number}, whose checksum differs",
                "a damaged disk, or a file that was edited", _MOVE,
            )  # fmt: skip
        told = None if end is None else _AFTER.search(line[: end.start()])
        if told is not None and int(told[1], 16) != zlib.crc32(above):
            raise InputError(
                f"the ledger of the run, {path}, with all of its lines",
                f"line {number}, before which another line stood",
                "lines that were taken out or sorted, or a ledger that stands twice in its file", _MOVE,
            )  # fmt: skip
        above, sealed = line, end is not None


def _lines(content: bytes) -> Iterator[bytes]:
    """The whole lines, and what is behind them if it is a whole record: no kill leaves one with another end."""
    *lines, rest = content.split(b"\n")
    yield from lines
    if (end := _END.search(rest)) and end[2]:
        yield rest
