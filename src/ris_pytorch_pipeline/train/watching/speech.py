"""How does a run speak on standard output without dying of it? Letters are spelled out, a lost listener is let go."""

import sys
from contextlib import suppress


class Speech:
    """Writes lines to standard output; where nobody takes them any more, it says so once on standard error.

    A run goes on without a listener: its ledger has every event.
    """

    def __init__(self) -> None:
        self.lost = False

    def __call__(self, text: str) -> None:
        """Write a text at once.

        Args:
            text: with the end of its line.
        """
        if self.lost or sys.stdout is None:
            return
        try:
            sys.stdout.write(_spelled(text))
            sys.stdout.flush()
        except OSError as error:
            self.lost = True
            with suppress(OSError):
                sys.stderr.write(f"standard output is lost ({error.strerror}); the run goes on without it\n")


def _spelled(text: str) -> str:
    """The text with letters that standard output does not have as escapes."""
    try:
        encoding = sys.stdout.encoding or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except (AttributeError, LookupError):  # a stream of somebody else
        return text
