"""Was a line changed since it was written? Its last field is the CRC-32 of what stands before."""

import re
import zlib

from .errors import InputError

_END = re.compile(rb', "crc": "([0-9a-f]{8})"}(.?)\Z', re.DOTALL)


def summed(text: str) -> str:
    """A JSON object with its checksum as the last field."""
    return f'{text[:-1]}, "crc": "{zlib.crc32(text.encode()):08x}"}}'


def split(line: bytes, number: int) -> tuple[bytes, bool]:
    """What a line was before its checksum, which must fit, and whether it has one."""
    end = _END.search(line)
    if end is None:
        return line, False
    text = line[: end.start()] + b"}"
    check(int(end[1], 16) == zlib.crc32(text), number)
    return text, True


def whole_lines(content: bytes) -> bytes:
    """The lines that end in a newline; a kill cuts the last one short, and leaves none whole with another end."""
    size = content.rfind(b"\n") + 1
    end = _END.search(content, size)
    check(end is None or not end[2], content.count(b"\n") + 1)
    return content[:size]


def check(same: bool, number: int) -> None:
    """Go on where a line is as it was written.

    Raises:
        InputError: it is not.
    """
    if not same:
        got = f"line {number}, whose checksum differs"
        raise InputError("a ledger as it was written", got, "a damaged disk, or an edited file", "take a copy of it")
