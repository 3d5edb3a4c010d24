"""Which lines does a file hold, in any encoding, packed or coloured, of any length; and which tell of the run's end?"""

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase, TextIOBase, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any

from ...errors import InputError

LONGEST_PIECE = 1 << 16
"""Characters of a line that are read at once; a longer line is read in pieces that end between two words."""
MOST_PIECES = 8
"""The piece of a line from which on it is left out."""
LONGEST_LINE = LONGEST_PIECE * (MOST_PIECES - 1)
"""Characters of a line that are read at least."""
_SNIFFED = 8192
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])")
_PACKED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
MOST_UNPACKED = 1 << 28
"""Bytes of a packed log: a small file may hold thousands of times its size."""
_BACK = re.compile(r"\x08+")
_MARKS = "\x1b\x08\r"
"""What a line must be cleaned of."""


def opened(path: Path) -> TextIOWrapper:
    """The file as text.

    Raises:
        InputError: the file is binary, a folder, or cannot be opened.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
        unpacked = next((each for magic, each in _PACKED.items() if head.startswith(magic)), None)
        if unpacked is not None:
            with unpacked(path) as file:
                head = file.read(_SNIFFED)
        encoding = _encoding_of(head, path.name)
        file = path.open("rb") if unpacked is None else _Unpacked(unpacked(path), path.name)
    except _BROKEN as error:
        raise InputError(*_damaged(path.name, error)) from error
    return TextIOWrapper(file, encoding, "replace")


def _damaged(name: str, error: Exception) -> tuple[str, str, str, str]:
    told = f"{name}: {error.strerror if isinstance(error, OSError) and error.strerror else error}"
    return "a readable log", told, "no permission, or a damaged file", "pass another"


class _Unpacked(BufferedIOBase):
    """What a packed file holds; `torn` where its end is missing, as in one that is still being written."""

    def __init__(self, file: Any, name: str) -> None:  # noqa: ANN401
        self._file, self.name, self.torn = file, name, False
        self.readable = self.seekable = lambda: True
        self.seek = file.seek

    def read1(self, size: int = -1, /) -> bytes:
        """Some bytes.

        Raises:
            InputError: they are damaged, or more than `MOST_UNPACKED`.
        """
        try:
            found = self._file.read1(size)
        except EOFError:
            self.torn = True
            return b""
        except _BROKEN as error:
            raise InputError(*_damaged(self.name, error)) from error
        if self._file.tell() > MOST_UNPACKED:
            told = f"{self.name}, which holds more"
            raise InputError(
                f"at most {MOST_UNPACKED >> 20} MiB in a packed log", told, "a long run", "unpack it first"
            )
        return found

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def is_torn(file: TextIOWrapper) -> bool:
    """Whether a packed file was read up to where its end is missing."""
    return isinstance(file.buffer, _Unpacked) and file.buffer.torn


def _encoding_of(head: bytes, name: str) -> str:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    if len(head) >= 8 and head[1::2].count(0) > 0.9 * len(head[1::2]) and not head[::2].count(0):
        return "utf-16-le"
    head = head.rstrip(b"\0")
    odd = sum(head.count(c) for c in {*range(9), *range(14, 32)} - {8, 27})
    if odd > 0.01 * len(head):
        told = f"{name}, a binary file"
        raise InputError("a text, a ledger or an event file", told, "a wrong path", "pass the training's log")
    return "utf-8-sig"


def pieces(file: TextIOBase, cut: Callable[[], None] | None = None) -> Iterator[str]:
    """The lines of an open file, as far as it is written; one that is too long comes in pieces.

    `cut` is called for each line whose end is left out.
    """
    rest, cuts = "", 0
    while chunk := file.read(LONGEST_PIECE):
        *lines, rest = (rest + chunk).split("\n")
        if lines:
            lines[0] = lines[0] if cuts < MOST_PIECES else ""
            cuts = 0
        if any(mark in chunk for mark in _MARKS):
            lines = chain.from_iterable(map(clean, lines))
        yield from lines
        if len(rest) >= LONGEST_PIECE:
            cuts = 0 if "\x08" in rest else cuts + 1
            part, rest = _cut(rest) if cuts < MOST_PIECES else ("", "")
            if cut is not None and cuts == MOST_PIECES:
                cut()
            yield from clean(part)
    yield from clean(rest)


def _cut(part: str) -> tuple[str, str]:
    end = max(part.rfind(mark) for mark in " ,\t}]") + 1
    return (part[:end], part[end:]) if end > LONGEST_PIECE // 2 else (part, "")


def clean(line: str) -> Iterator[str]:
    """A line without colours; progress that is written over itself by backspaces is a line each."""
    if "\x1b" in line:
        line = _ANSI.sub("", line)
    if "\x08" in line:
        yield from _BACK.split(line)
    elif "\r" in line:
        yield from line.split("\r")
    elif line:
        yield line.rstrip("\n")


_BEGINS = "Traceback (most recent call last)"
_IGNORED = "Exception ignored in"
_LINKS = ("During handling of the above", "The above exception was")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]{0,120}(?::.*)?")
_OTHER = re.compile(
    r"^\s{0,8}(?:Killed\b|Terminated$|Segmentation fault|"
    r"Bus error|Aborted\b|Floating point exception|terminate called after)"
    r"|\(core dumped\)|oom[-_]kill|Out of memory: Kill|DUE TO TIME LIMIT|CANCELLED AT|DUE TO PREEMPTION"
    r"|^\S{0,60}(?:Error|Exception|Interrupt): (?![-+.\d])\S|CUDA error: |NCCL .{0,80}(?:timed? ?out|error)"
    r"|\bexitcode\s{0,3}: -\d|\bexited with (?:code|status) -?[1-9]"
    r"|\b(?:received|caught|got|by) (?:a )?(?:signal:? (?!\d*\.\d)|"
    r"SIG(?:INT|TERM|KILL|HUP|QUIT|ABRT|SEGV|BUS|FPE|USR\d))"
    r"|CUBLAS_STATUS_\w+FAIL|device-side assert"
)
LONGEST_ENDING = 200


class Endings:
    """Follows the lines of a log and knows whether they tell of a run's death."""

    def __init__(self) -> None:
        self.inside = self.ignored = False
        self.prefix = ""

    def read(self, line: str) -> str | None:
        """What a line says of the end: its words, the empty string within a traceback, None where it says nothing."""
        if _BEGINS in line:
            self.inside, self.prefix = True, line[: line.index(_BEGINS)]
            return "" if self.ignored else "an error"
        if _IGNORED in line:  # an object's end failed at exit, which harms nothing
            self.ignored = True
            return ""
        if not self.inside:
            return line.strip()[:LONGEST_ENDING] if _OTHER.search(line) else None
        rest = line.removeprefix(self.prefix) if self.prefix else line
        if not rest.strip() or rest.startswith((" ", "\t")) or rest.startswith(_LINKS):
            return ""
        self.inside = False
        if self.ignored:
            self.ignored = False
            return ""
        return rest.strip()[:LONGEST_ENDING] if _EXCEPTION.fullmatch(rest.strip()[:LONGEST_ENDING]) else None


_HINTS = ("rror", "Kill", "kill", "fault", "Abort", "core dumped", "DUE TO", "CANCELLED", "xception", "nterrupt",
          "erminate", "exitcode", "exited with", " signal ", " SIG", "assert", "CUBLAS", _BEGINS)  # fmt: skip


def may_end(text: str) -> bool:
    """Whether lines of this shape may tell of an end: a fast look before the slow one."""
    return any(hint in text for hint in _HINTS)
