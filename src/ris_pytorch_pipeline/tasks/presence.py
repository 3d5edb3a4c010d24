"""Is any worker left to wait for? Dask itself waits for ever, for the first one as for one that died."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import InfeasibleError

BEAT = 1.0
"""Seconds between two looks at who is there."""


@dataclass(kw_only=True)
class Presence:
    """When was a worker there last?

    Args:
        threads: counts those of all workers.
        patience: seconds without any after which there is nobody left to wait for.
        clock: in seconds, never backwards.
        seen: when one was there last.
        checked: when that was looked at.
    """

    threads: Callable[[], int]
    patience: float
    clock: Callable[[], float] = time.monotonic
    seen: float = field(init=False)
    checked: float = field(init=False)

    def __post_init__(self) -> None:
        """Whoever waits begins now."""
        self.seen = self.checked = self.clock()

    def check(self) -> None:
        """Look who is there, once a beat at most.

        Raises:
            InfeasibleError: nobody has been there for too long.
        """
        now = self.clock()
        if now - self.checked < BEAT:
            return
        self.checked = now
        if self.threads() > 0:
            self.seen = now
        elif now - self.seen > self.patience:
            raise InfeasibleError(
                "workers that do tasks", f"none for {now - self.seen:.0f} s",
                "workers that died with their tasks, such as for want of memory, or whose time in a queue is over, or "
                "a scheduler that ended",
                "see what the workers wrote last and start others; run the command again, what is finished is kept",
            )  # fmt: skip
