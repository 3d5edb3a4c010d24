"""What if standard output cannot take what a command says? Letters are spelled out, and a closed one swallows."""

import errno
import io
import os
import sys
from typing import Any


def prepare_streams() -> None:
    r"""Make standard output and error take any letter, and be there even where the caller closed them.

    A letter that the encoding of a stream does not have is written as its escape, such as `\u0394`.
    """
    sys.stdout, sys.stderr = _ready(sys.stdout), _ready(sys.stderr)


def writes_any_letter() -> bool:
    """Whether standard output is in UTF-8."""
    return (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") == "utf8"


def drop_output() -> None:
    """Send what is left for standard output to nowhere, so that the flush at exit does not fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream without a descriptor
        sys.stdout = Nowhere()


def is_output(error: OSError) -> bool:
    """Whether an error comes from writing to a stream, which has no name, and not to a file, which has one."""
    return error.filename is None and error.errno in {errno.ENOSPC, errno.EBADF, errno.EIO, errno.EDQUOT}


class Nowhere(io.StringIO):
    """A stream that takes everything and keeps nothing."""

    encoding = "utf-8"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]

    def write(self, text: str, /) -> int:
        """Drop a text."""
        return len(text)


def _ready(stream: Any) -> Any:  # noqa: ANN401
    if stream is None:  # closed by the caller, as daemons do
        return Nowhere()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
