"""What is a line of a journal? A record of Optuna's, its checksum, and that of the line before it."""

import json
import zlib
from pathlib import Path
from typing import Any

from ...errors import InputError
from .tail import LONGEST

AFTER, _CHECKSUM = "after", "crc"
"""The fields beside Optuna's, which leaves them alone."""


def checksum_of(line: bytes) -> str:
    """CRC-32 of a line, its end included.

    >>> checksum_of(b"")
    '00000000'

    Args:
        line: of a journal; the empty one stands before the first.
    """
    return f"{zlib.crc32(line):08x}"


def line_of(log: dict[str, Any], before: str | None) -> str:
    r"""The line of a record.

    >>> line_of({"op_code": 0}, checksum_of(b""))
    '{"op_code":0,"after":"00000000","crc":"6adec4d7"}\n'

    Args:
        log: the record.
        before: checksum of the line before it; None in a journal that was begun without.

    Raises:
        InputError: it is longer than any reader takes.
    """
    sealed = log if before is None else _sealed({**log, AFTER: before})
    line = json.dumps(sealed, separators=(",", ":")) + "\n"
    if len(line) > LONGEST:
        raise InputError(
            f"a record of at most {LONGEST} bytes", f"{len(line)}", "too many scenes that judge a trial",
            "lower --scenes",
        )  # fmt: skip
    return line


def record_of(line: bytes, *, checked: bool) -> dict[str, Any] | None:
    """The record of a line, with the checksum of the line before; None where it is none, or another than was written.

    Args:
        line: of a journal.
        checked: whether its records have checksums; one that names the line before has its own in any journal.
    """
    try:
        log = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(log, dict):
        return None
    told = log.pop(_CHECKSUM, None)
    if not checked and AFTER not in log:
        return log if told is None else None
    return log if told == (_crc_of_read(log) if line.isascii() else _crc(log)) else None


def out_of_place(path: Path, number: int) -> tuple[str, str, str, str]:
    """What is said of a journal whose lines do not follow each other.

    Args:
        path: of the journal.
        number: of the first line that another one stood before.
    """
    return (
        f"the journal of a search, {path}, each line behind the one it was written after",
        f"line {number}, before which another line stood", "a journal that stands in it twice, or lines taken out",
        "put a copy of the journal there, or begin in another folder",
    )  # fmt: skip


def _sealed(log: dict[str, Any]) -> dict[str, Any]:
    return {**log, _CHECKSUM: _crc(log)}


def _crc(log: dict[str, Any]) -> str:
    return _crc_of_read(json.loads(json.dumps(log)))  # whose keys are texts, as those of a record that was read


def _crc_of_read(log: dict[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(log, sort_keys=True).encode()):08x}"
