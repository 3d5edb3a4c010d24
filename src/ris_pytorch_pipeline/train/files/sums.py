"""Was a record of a ledger changed since it was written? Its last field is the CRC-32 of what stands before."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError

CHECKSUM = "crc"
"""Name of that field."""
_END = re.compile(rb', "crc": "([0-9a-f]{8})"}(.?)\Z', re.DOTALL)
_BEGINS = re.compile(rb'{"event": "(start|resume)"')


def summed(text: str) -> str:
    """A JSON object with its checksum as the last field.

    >>> summed('{"event": "end"}')
    '{"event": "end", "crc": "67fbb546"}'

    Args:
        text: of the object.
    """
    return f'{text[:-1]}, "{CHECKSUM}": "{zlib.crc32(text.encode()):08x}"}}'


def check_lines(path: Path, content: bytes) -> None:
    """Compare each record of a ledger with its checksum; a session without any is of an earlier version.

    Args:
        path: of the ledger, for the message.
        content: of it.

    Raises:
        InputError: naming a line that is not as it was written.
    """
    before = False
    for number, line in enumerate(_lines(content), start=1):
        end = _END.search(line)
        fits = end is None or (not end[2] and int(end[1], 16) == zlib.crc32(line[: end.start()] + b"}"))
        begins = number == 1 or _BEGINS.match(line) is not None
        if not fits or not (begins or before == (end is not None)):
            raise InputError(
                f"the ledger of the run, {path}, as it was written", f"line {number}, whose checksum differs",
                "a damaged disk, or a file that was edited", "put a copy of the ledger there, or start a new run",
            )  # fmt: skip
        before = end is not None


def _lines(content: bytes) -> Iterator[bytes]:
    """The whole lines, and what is behind them if it is a whole record: no kill leaves one with another end."""
    *lines, rest = content.split(b"\n")
    yield from lines
    if (end := _END.search(rest)) and end[2]:
        yield rest
