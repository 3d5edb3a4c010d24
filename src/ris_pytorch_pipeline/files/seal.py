"""Was a file changed since it was written? A SHA-256 over all of its bytes, kept in the file itself."""

import hashlib
import json
from collections.abc import Iterable

SEAL = "seal"
"""Key of the digest, in hexadecimal; where it stands, the digest is taken of zeros."""
_OPEN = "0" * 64


def sealed(head: bytes, rest: Iterable[bytes | bytearray | memoryview] = ()) -> bytes:
    """The head of a file with the digest of the whole file in it.

    Args:
        head: JSON text, which holds the key once, with the value `blank`.
        rest: what follows in the file.

    Returns:
        The head, as long as before.
    """
    digest = hashlib.sha256(head)
    for chunk in rest:
        digest.update(chunk)
    return head.replace(_entry(_OPEN), _entry(digest.hexdigest()), 1)


def check_seal(head: bytes, seal: str, rest: Iterable[bytes | bytearray | memoryview] = ()) -> bool:
    """Whether a file is what was sealed.

    Args:
        head: of the file, as read.
        seal: the digest that it holds.
        rest: what follows in the file.
    """
    if len(seal) != len(_OPEN) or head.count(_entry(seal)) != 1:
        return False
    digest = hashlib.sha256(head.replace(_entry(seal), _entry(_OPEN)))
    for chunk in rest:
        digest.update(chunk)
    return digest.hexdigest() == seal


def blank() -> str:
    """What stands in the place of a digest until it is known."""
    return _OPEN


def _entry(seal: str) -> bytes:
    return json.dumps({SEAL: seal}, separators=(",", ":"))[1:-1].encode()
