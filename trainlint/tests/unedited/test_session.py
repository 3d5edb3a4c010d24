"""Does a session follow what comes later: a schedule, an optimiser for the next phase, a second model?"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.lr_scheduler import StepLR

from trainlint import Verdict
from trainlint.during.unedited.session import Options, Session


def watched(program) -> tuple[Session, Verdict]:
    session = Session(Options())
    session.start()
    try:
        program()
    finally:
        verdict = session.stop()
    return session, verdict


def steps(net: nn.Module, optimizer: SGD, schedule: StepLR | None, count: int) -> None:
    for _ in range(count):
        x = torch.randn(16, 3)
        optimizer.zero_grad()
        F.mse_loss(net(x), x[:, :1]).backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()


def test_a_schedule_and_an_optimiser_of_the_next_phase_are_heard() -> None:
    def program() -> None:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
        first = SGD(net.parameters(), 0.1)
        steps(net, first, None, 10)
        steps(net, first, StepLR(first, 100), 10)
        steps(net, SGD(net.parameters(), 0.01), None, 20)

    session, verdict = watched(program)
    assert session.failure == ""
    assert verdict.healthy, str(verdict)
    assert verdict.counts["updates"] == 40
    assert verdict.counts["ticks"] == 10


def test_an_error_of_the_session_never_reaches_the_program(monkeypatch) -> None:
    session = Session(Options())
    monkeypatch.setattr(session.trainings, "owner", lambda _: 1 / 0)
    monkeypatch.setattr(type(session.trainings), "several", True)
    session.start()
    net = nn.Linear(3, 1)
    steps(net, SGD(net.parameters(), 0.1), None, 3)
    verdict = session.stop()
    assert any("the watch itself failed (ZeroDivisionError" in text for text in verdict.blind)


def test_a_program_that_trains_nothing_is_not_judged() -> None:
    _, verdict = watched(lambda: nn.Linear(2, 2)(torch.ones(1, 2)))
    assert not verdict.healthy
    assert verdict.blind == ("everything: no optimiser of torch was made",)


def test_the_schedule_of_another_model_ticks_for_itself() -> None:
    def program() -> None:
        torch.manual_seed(0)
        for _ in range(2):
            net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
            optimizer = SGD(net.parameters(), 0.1)
            steps(net, optimizer, StepLR(optimizer, 100), 20)

    _, verdict = watched(program)
    assert verdict.healthy, str(verdict)
    assert verdict.counts["ticks"] == 40
