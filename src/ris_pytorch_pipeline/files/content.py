"""How are bytes at hand read as a file is? Through a descriptor, so that one reader serves both."""

import os
import tempfile
from dataclasses import dataclass, field

_IN_MEMORY = "memfd_create"
"""Where a platform has it, no disk is touched."""


@dataclass(frozen=True)
class Content:
    """Bytes in place of a file.

    >>> str(Content("the request's body", b""))
    "the request's body"

    Args:
        name: of them in messages.
        content: the bytes.
    """

    name: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.name

    def descriptor(self) -> int:
        """A descriptor of a nameless file that holds the bytes; the caller closes it.

        Raises:
            OSError: there is no room for them.
        """
        if _IN_MEMORY in vars(os):
            made = os.memfd_create("content", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile() as file:
                made = os.dup(file.fileno())
        left = memoryview(self.content)
        try:
            while left:
                left = left[os.write(made, left) :]
        except OSError:
            os.close(made)
            raise
        return made
