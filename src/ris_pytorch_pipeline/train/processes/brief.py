"""What is asked of somebody who may never answer? A call with an end, whatever happens to the one who is asked."""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")
SECONDS = 4.0
"""How long an answer is waited for: where a process hangs, the others wait so long twice before they end."""


def briefly(ask: Callable[[], Answer], otherwise: Answer, seconds: float = SECONDS) -> Answer:
    """The answer to a call, or something else where none comes in time or the call fails.

    A call that hangs is left behind in a thread that does not keep the program from ending.

    Args:
        ask: the call.
        otherwise: what to answer without it.
        seconds: how long to wait.

    >>> briefly(lambda: 3, 0), briefly(lambda: int("x"), 0)
    (3, 0)
    """
    found = [otherwise]

    def run() -> None:
        try:
            found[0] = ask()
        except (RuntimeError, ValueError, OSError):
            return

    asking = Thread(target=run, daemon=True)
    asking.start()
    asking.join(seconds)
    return found[0]
