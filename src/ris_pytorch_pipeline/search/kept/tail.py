"""What may be cut off the end of a journal? What a killed writer leaves there, and nothing that is somebody else's."""

import os
import re
from io import BufferedReader
from pathlib import Path

from ...errors import InputError
from ...files.regular import descriptor_of

LONGEST = 2**24
"""Bytes of a record, its end included: longer ones are neither written nor read."""
_HEAD, _NUMBER = b'{"op_code":0,"worker_id":"', re.compile(rb"(?<=:)\d{1,2}")
"""How every record of Optuna begins, and the number in it."""
_WHOLE = re.compile(rb'"crc":"[0-9a-f]{8}"\}.', re.DOTALL)
"""A whole record with something else than an end of line behind it."""
_WRITTEN = re.compile(rb"[ -~]*")
"""What JSON writes."""


def cut_torn_line(path: Path) -> int:
    """Cut off a last line that has no end; the caller has the right to write.

    Args:
        path: of the journal.

    Returns:
        How many bytes were cut off.

    Raises:
        InputError: an end that no killed writer leaves; the file is left as it is.
    """
    descriptor = descriptor_of(path, os.O_RDWR)
    try:
        size = os.fstat(descriptor).st_size
        whole = _whole(descriptor, size)
        if whole < size:
            check_tail(path, os.pread(descriptor, min(LONGEST, size - whole), whole))
            check_tail(path, os.pread(descriptor, min(whole, len(_HEAD)), 0))
            os.ftruncate(descriptor, whole)
            os.fsync(descriptor)
        return size - whole
    finally:
        os.close(descriptor)


def check_tail(path: Path, tail: bytes) -> None:
    """Refuse an unfinished line that no killed writer leaves: it leaves the beginning of a record, zeros, or both.

    Args:
        path: of the journal.
        tail: the line.

    Raises:
        InputError: it is something else.
    """
    written = tail.rstrip(b"\0")
    if len(tail) >= LONGEST or not (_begins_record(written) and _WRITTEN.fullmatch(written)) or _WHOLE.search(tail):
        raise InputError(*changed(path, "its end, which no writer of a journal leaves"))


def changed(path: Path, got: str) -> tuple[str, str, str, str]:
    """What is said of a journal that is not as it was written.

    Args:
        path: of the journal.
        got: what is odd about it.
    """
    return (
        f"the journal of a search, {path}, as it was written", got,
        "a file of another program, a damaged disk, or one that was edited",
        "put a copy of the journal there, or begin in another folder",
    )  # fmt: skip


def last_line(file: BufferedReader) -> bytes:
    """The last whole line of a journal, its end included; empty where there is none.

    Args:
        file: the journal, whose end is a line's.
    """
    descriptor, size = file.fileno(), os.fstat(file.fileno()).st_size
    begin = _whole(descriptor, size - 1) if size else 0
    return os.pread(descriptor, size - begin, begin)


def _begins_record(text: bytes) -> bool:
    """Whether a text is the beginning of a record, however short; so is the empty one."""
    head = _NUMBER.sub(b"0", text[: len(_HEAD) + 1], count=1)[: len(_HEAD)]
    return _HEAD.startswith(head)


def _whole(descriptor: int, size: int, block: int = 65536) -> int:
    """Bytes up to the end of the last whole line; a line longer than any record is not followed to its beginning."""
    end = size
    while end > 0 and size - end < LONGEST:
        begin = max(0, end - block)
        at = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return end
