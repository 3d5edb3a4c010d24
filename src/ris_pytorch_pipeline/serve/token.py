"""Who may ask? Whoever shows the token of a file; it is compared in a time that says nothing of it."""

import hmac
import string
from pathlib import Path

from ..errors import ConfigurationError
from ..files import cause, move, read_regular, reason

_SHORTEST, _LONGEST = 16, 4096
_LETTERS = set(string.ascii_letters + string.digits + "-._~+/=")
"""What a bearer token may hold."""


def token_in(path: Path) -> str:
    """The token that a file holds, white space around it left out.

    >>> from pathlib import Path
    >>> _ = Path("token").write_text(" 0123456789abcdef ")
    >>> token_in(Path("token"))
    '0123456789abcdef'

    Raises:
        ConfigurationError: no readable file, or a token that is short or no bearer token.
    """
    write = f"write one: python -c 'import secrets; print(secrets.token_urlsafe())' > {path}"
    try:
        text = read_regular(path, _LONGEST).decode("ascii", "replace").strip()
    except OSError as error:
        raise ConfigurationError(
            "a token's file", f"{path}: {reason(error)}", cause(error, "a mistyped path"), move(error, write)
        ) from error
    if len(text) < _SHORTEST or not _LETTERS.issuperset(text):
        raise ConfigurationError(
            f"a token of {_SHORTEST} or more letters, digits and -._~+/=", f"{len(text)} characters in {path}",
            "a password that can be guessed, or another file", write,
        )  # fmt: skip
    return text


def shows(authorization: str | None, token: str) -> bool:
    """Whether a request's `Authorization` is the bearer of a token.

    >>> shows("Bearer 0123456789abcdef", "0123456789abcdef"), shows("Bearer 0", "0123456789abcdef"), shows(None, "0")
    (True, False, False)
    """
    scheme, _, shown = (authorization or "").partition(" ")
    return hmac.compare_digest(shown.strip().encode(), token.encode()) and scheme.lower() == "bearer"
