"""Which tasks on a cluster hang? Their workers are asked; such a task is cancelled, and its worker restarted."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import distributed

from ..errors import InfeasibleError
from .hanging import Sight, Spell, sight_of

EVERY = 5.0
"""Seconds between two looks at the workers."""
_ANSWER, _RESTART = 5.0, 30.0
"""Seconds that workers have to answer, and to be there again."""


def at_work(dask_worker: Any) -> dict[str, Sight]:  # noqa: ANN401
    """What is seen of each task that a worker is at, by its key.

    Args:
        dask_worker: which Dask hands over.
    """
    return {key: sight_of(thread) for thread, key in dict(dask_worker.active_threads).items()}


@dataclass(kw_only=True)
class Overdue:
    """Ends tasks of a client.

    Args:
        client: connected to a scheduler.
        limit: seconds that a task may take; None is no limit.
        say: takes each line for the user.
        every: seconds between two looks.
        clock: in seconds, never backwards.
        ended: why, of each task that was ended, by its key.
    """

    client: "distributed.Client"
    limit: float | None
    say: Callable[[str], object]
    every: float = field(default_factory=lambda: EVERY)
    clock: Callable[[], float] = time.monotonic
    ended: dict[str, InfeasibleError] = field(default_factory=dict)
    _spells: dict[tuple[str, str], Spell] = field(default_factory=dict)
    _looked: float = field(init=False)

    def __post_init__(self) -> None:
        """Whoever waits begins now."""
        self._looked = self.clock()

    def check(self, numbers: Mapping[Any, int]) -> None:
        """Look at what the workers are at, once in a while.

        Args:
            numbers: of the tasks that were handed out, by their keys.
        """
        now = self.clock()
        if now - self._looked < self.every:
            return
        self._looked = now
        seen = {(worker, key): sight for worker, held in self._at_work().items()
                for key, sight in held.items() if key in numbers}  # fmt: skip
        self._spells = {at: self._spells.get(at) or Spell(self.limit, now) for at in seen}
        for (worker, key), sight in seen.items():
            spell, name = self._spells[worker, key], f"task {numbers[key]} on {worker}"
            fault = spell.fault(sight, now)
            if told := fault or spell.word(now):
                self.say(f"{name}: {told}")
            if fault and key not in self.ended:
                self._end(worker, key, f"{name}: {fault}")

    def _at_work(self) -> Mapping[str, Mapping[str, Sight]]:
        """What each worker is at; nothing where they do not answer, which is looked after elsewhere."""
        try:
            found: Any = self.client.sync(self.client._run, at_work, on_error="ignore", callback_timeout=_ANSWER)
        except (TimeoutError, OSError):
            return {}
        return found

    def _end(self, worker: str, key: str, fault: str) -> None:
        self.ended[key] = InfeasibleError(
            "a task that comes to its end", fault,
            "a deadlock, a file system or a service that does not answer, or a limit that is too low",
            "mend that, or raise --task-limit; run the same command again",
        )  # fmt: skip
        self.client.cancel([distributed.Future(key, self.client)], force=True)
        try:
            self.client.restart_workers([worker], timeout=_RESTART, raise_for_error=False)
        except (TimeoutError, OSError, ValueError) as error:  # a worker without a nanny
            self.say(f"{worker} was not restarted, and may still be at that task: {str(error)[:200]}")
