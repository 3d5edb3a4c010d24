"""Does another process of this run still move? Each says so every few seconds, for as long as its main thread does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread, enumerate, main_thread

import torch.distributed as dist

from ...tasks.hanging import Place, place_of
from .brief import briefly

EVERY = 4.0
"""Seconds between two beats."""
PATIENCE = 36.0
"""Seconds without a beat after which a process counts as hanging: with what they do before they end, the others end
within 60 (`tests/train/test_pulse.py` counts)."""
FETCHING = "batches drawn ahead"
"""Name of the thread that the main one may wait for: while it moves, so does the process."""
AFTER_AN_ERROR = 3 * EVERY
"""The same once the connection has failed, where it only remains to say whose."""


class Pulse:
    """The beats of the processes of a run, kept in their store.

    A thread looks at the main thread every few seconds. The beat goes on while that moves, or waits for others. It
    stops with the process, with a stopped process, and with a main thread that stays in one and the same place.

    Args:
        store: that all processes share.
        rank: of this process.
        world: how many there are.
        every: seconds between beats.
        patience: seconds without one after which a process counts as hanging.
    """

    def __init__(
        self, store: dist.Store, rank: int, world: int, every: float = EVERY, patience: float = PATIENCE  # pyright: ignore[reportPrivateImportUsage]
    ) -> None:  # fmt: skip
        self._store, self._rank, self._world = store, rank, world
        self.every, self.patience = every, patience
        self._waits, self._end = False, Event()
        self._thread = Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Pulse":
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop beating."""
        self._end.set()
        self._thread.join(self.every)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A block in which this process waits for others, which is no hanging.

        Yields:
            Nothing.
        """
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    def watch(self) -> "Watched":
        """Begin to look at the beats of the others."""
        return Watched(self)

    def beats(self) -> dict[int, str] | None:
        """The last beat of each other process; None where the store does not answer, as when its host hangs."""

        def ask() -> dict[int, str] | None:
            others = [rank for rank in range(self._world) if rank != self._rank]
            return {r: self._store.get(_key(r)).decode() if self._store.check([_key(r)]) else "" for r in others}

        return briefly(ask, None, self.every)

    def _beat(self) -> None:
        count, place = 0, None
        while not self._end.wait(self.every):
            now = _place()
            if self._waits or now != place:
                count, place = count + 1, now
                briefly(lambda beat=str(count): self._store.set(_key(self._rank), beat), None, self.every)


class Watched:
    """What one process has seen of the beats of the others since it began to wait.

    Args:
        pulse: of this process.
    """

    def __init__(self, pulse: Pulse) -> None:
        self._pulse, self._begin = pulse, time.monotonic()
        self._seen: dict[int, tuple[str, float]] = {}
        self._answered = self._begin

    def silent(self, seconds: float | None = None) -> list[int]:
        """Ranks of the processes without a beat for so long; process 0, which keeps the store, where that is silent.

        Args:
            seconds: None takes the patience of the pulse.
        """
        limit = self._pulse.patience if seconds is None else seconds
        found, now = self._pulse.beats(), time.monotonic()
        if found is None:
            return [0] if now - self._answered > limit else []
        self._answered = now
        for rank, beat in found.items():
            if self._seen.get(rank, ("", 0.0))[0] != beat or rank not in self._seen:
                self._seen[rank] = (beat, now)
        return [rank for rank, (_, since) in self._seen.items() if now - since > limit]


def _key(rank: int) -> str:
    return f"pulse/{rank}"


def _place() -> Place:
    """Where the main thread and the one it waits for are."""
    return place_of(main_thread().ident, *(each.ident for each in enumerate() if each.name == FETCHING))
