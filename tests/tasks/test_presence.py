"""Does whoever waits for workers give up once none has been there for long enough, and not before?"""

import pytest

from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.tasks.presence import BEAT, Presence


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nobody_is_waited_for_no_longer_than_patience() -> None:
    clock = Clock()
    presence = Presence(threads=lambda: 0, patience=60.0, clock=clock)
    for _ in range(60):
        clock.now += 1.0
        presence.check()
    clock.now += 1.0
    with pytest.raises(InfeasibleError, match="none for 61 s"):
        presence.check()


def test_a_worker_that_comes_back_is_waited_for_anew() -> None:
    clock, there = Clock(), [0]
    presence = Presence(threads=lambda: there[0], patience=60.0, clock=clock)
    for count in (0, 2, 0):
        there[0] = count
        clock.now += 50.0
        presence.check()
    assert clock.now - presence.seen == 50.0


def test_who_is_there_is_asked_once_a_beat() -> None:
    clock, asked = Clock(), list[float]()

    def threads() -> int:
        asked.append(clock.now)
        return 1

    presence = Presence(threads=threads, patience=60.0, clock=clock)
    for _ in range(100):
        clock.now += BEAT / 10
        presence.check()
    assert 8 <= len(asked) <= 10
