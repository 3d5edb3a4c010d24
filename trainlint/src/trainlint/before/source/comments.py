"""Which lines say in a comment that a finding may stand there?"""

import io
import re
import tokenize

from ...errors import InputError
from ...settings import known_code

_COMMENT = re.compile(r"#\s*trainlint:\s*(.*)")
_IGNORE = re.compile(r"ignore\[([^\]]*)\]\s*(.*)")


def ignored_lines(text: str, path: str) -> dict[int, set[str]]:
    """Line numbers, and the codes that a comment `# trainlint: ignore[RT653] reason` lets pass there.

    Args:
        text: the source.
        path: its name, for the message.

    Raises:
        InputError: a comment names no code, or one that no rule has.

    >>> ignored_lines("x = 1  # trainlint: ignore[RT653] the order matters", "a.py")
    {1: {'RT653'}}
    """
    found: dict[int, set[str]] = {}
    if "trainlint:" not in text:
        return found
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        comment = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if comment is not None:
            found.setdefault(token.start[0], set()).update(_codes(comment[1], f"{path}:{token.start[0]}"))
    return found


def _codes(told: str, where: str) -> set[str]:
    match = _IGNORE.match(told)
    codes = [c.strip() for c in match[1].split(",") if c.strip()] if match else []
    if not codes:
        raise InputError(f"`# trainlint: ignore[CODE] reason` in {where}", repr(told), "no code in brackets",
                         "name the code that may stand there") from None  # fmt: skip
    for code in codes:
        known_code(code, where)
    return set(codes)
