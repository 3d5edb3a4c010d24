"""Is the status line written seldom, and over itself on a terminal alone?"""

import io

import pytest
from torch import nn

from trainlint import Plan, Run
from trainlint.during.unedited import trainings
from trainlint.during.unedited.trainings import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(trainings.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(("stream", "every"), [(Terminal(), 0.5), (io.StringIO(), 10.0)])
def test_a_line_comes_when_it_is_time(clock: list[float], stream: io.StringIO, every: float) -> None:
    run = Run(nn.Linear(1, 1), [], [], None, Plan(), latest=0.25)
    status = Progress(stream)
    for second in (0.9 * every, 1.1 * every, 1.9 * every, 2.2 * every):
        clock[0] = second
        status.show(run, 0)
    assert stream.getvalue().count("trainlint: epoch 1, update 0, loss 0.25, no findings") == 2
    assert ("\r" in stream.getvalue()) == stream.isatty()
    status.clear()
