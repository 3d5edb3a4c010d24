"""What is an example of a rule: a sound program, and the change that breaks it?"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import unified_diff

Changes = Iterable[tuple[str, str]]
"""Texts, and what takes their place."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """Two programs, of which one earns a finding and the other does not.

    Args:
        kind: how it is tried: `watched`, `alone` and `read` are trainings; `logged` leaves a list of lines in `log`,
            `called` what a check found in `findings`.
        sound: the program without the finding.
        broken: the program with it.
    """

    kind: str
    sound: str
    broken: str

    @property
    def diff(self) -> str:
        """What mends the broken program: lines that go (`-`), lines that come (`+`), and one line around them."""
        lines = unified_diff(self.broken.splitlines(), self.sound.splitlines(), lineterm="", n=1)
        return "\n".join("  ..." if line.startswith("@@") else line for line in list(lines)[2:]).removeprefix("  ...\n")


def changed(text: str, changes: Changes) -> str:
    """A program with some of its text replaced.

    Args:
        text: the program.
        changes: what stands there, once, and what takes its place.

    Raises:
        LookupError: a text that does not stand there once.

    >>> changed("loss.backward()", [("loss", "error")])
    'error.backward()'
    """
    for old, new in changes:
        if text.count(old) != 1:
            raise LookupError(f"{old!r} stands {text.count(old)} times in the program")
        text = text.replace(old, new)
    return text
