"""Under which name do the processes of one start meet? A store outlives a start, and holds addresses of those gone."""

import time
from datetime import timedelta

import torch.distributed as dist

_EVERY = 0.05
"""Seconds between two looks of process 0 into the store."""


def meet(store: dist.Store, rank: int, world: int, timeout: timedelta) -> str:  # pyright: ignore[reportPrivateImportUsage]
    """A name that all processes of this start have in common, and those of no other start.

    Torchrun's count of restarts is no such name: each node counts its own failures. So process 0 makes a new name, and
    answers whoever asks for it, until all that are alive have said that they know it.

    Args:
        store: of the launch.
        rank: of this process.
        world: how many there are.
        timeout: how long process 0 waits for the others; these wait as long as the store does.

    Returns:
        The name.

    Raises:
        RuntimeError: not all processes came in time.

    >>> meet(dist.HashStore(), 0, 1, timedelta(seconds=1))
    'start/1'
    """
    if rank:
        ticket = store.add("asked", 1)
        name = store.get(f"answer/{ticket}").decode()
        store.set(f"{name}/met/{rank}", "")
        return name
    name, answered, end = f"start/{store.add('starts', 1)}", 0, time.monotonic() + timeout.total_seconds()
    while missing := [other for other in range(1, world) if not store.check([f"{name}/met/{other}"])]:
        if time.monotonic() > end:
            raise RuntimeError(f"no process {', '.join(map(str, missing))}")
        asked = store.add("asked", 0)
        for ticket in range(answered + 1, asked + 1):
            store.set(f"answer/{ticket}", name)  # also to those of an earlier start, who do not read it any more
        answered = asked
        time.sleep(_EVERY)
    return name
