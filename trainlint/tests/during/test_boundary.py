"""What goes wrong inside a watch stays there: the loop goes on, and the verdict says what was not judged."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.optimizer import _global_optimizer_pre_hooks

from trainlint import InputError, Probe, State, TrainingFault, Watch
from trainlint.during.hearing.observer import Observer
from trainlint.during.weights.meter import Meter
from trainlint.during.weights.windows import Windows
from trainlint.ledger import read


def train(make: Callable[[nn.Module, torch.optim.Optimizer], Watch], updates: int = 6) -> Watch:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = Adam(net.parameters(), 1e-2)
    watch = make(net, optimizer)
    for _ in range(updates):
        x = torch.ones(8, 4) * torch.arange(8.0)[:, None]
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
        optimizer.step()
    watch.epoch(train=1.0)
    return watch


PLACES = [
    (Meter, "before"),
    (Meter, "after"),
    (Windows, "begin"),
    (Windows, "ended"),
    (Observer, "ran"),
    (Observer, "arm"),
]


@pytest.mark.parametrize(("owner", "name"), PLACES, ids=[f"{owner.__name__}.{name}" for owner, name in PLACES])
def test_an_error_of_the_watch_ends_its_measuring_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, owner: type, name: str
):
    def broken(*_: object, **__: object) -> None:
        raise LookupError("mine alone")

    before = list(_global_optimizer_pre_hooks)
    monkeypatch.setattr(owner, name, broken)
    watch = train(lambda net, optimizer: Watch(net, optimizer, ledger=tmp_path / "l.jsonl"))
    verdict = watch.close()
    assert verdict.state is State.NOT_JUDGED
    assert verdict.ran == ()
    assert "the watch failed: LookupError: mine alone" in verdict.blind
    (kept,) = [record for record in read(tmp_path / "l.jsonl") if record["event"] == "probe"]
    assert "mine alone" in str(kept["traceback"])
    assert list(_global_optimizer_pre_hooks) == before


def test_attaching_to_something_odd_never_raises(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("no hooks today")

    monkeypatch.setattr(Observer, "attach", broken)
    assert train(Watch).close().state is State.NOT_JUDGED


def test_an_error_of_the_loop_is_the_loops_own():
    net = nn.Linear(2, 1)
    watch = Watch(net, SGD(net.parameters(), 0.1))
    loss = watch.loss(net(torch.ones(1, 2)).sum())
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()
    watch.loss(net(torch.ones(1, 2)).sum()).backward()
    assert watch.run.backwards == 2
    watch.close()


class Odd(nn.Module):
    """Overrides what torch calls with arguments that it does not take."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 2))

    def parameters(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        return [self.weight]

    def named_parameters(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        return {"w": self.weight}.items()

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


def test_a_model_that_overrides_its_own_accessors_is_watched():
    net = Odd()
    optimizer = SGD([net.weight], 0.1)
    watch = Watch(net, optimizer)
    for index in range(5):
        optimizer.zero_grad()
        watch.loss((net(torch.eye(2)) - index).square().mean()).backward()
        optimizer.step()
    verdict = watch.close()
    assert verdict.healthy, str(verdict)
    assert verdict.counts["updates"] == 5


@pytest.mark.parametrize("raises", [True, False])
def test_only_a_fatal_finding_is_raised_and_only_if_asked_for(raises: bool):
    def dead(net: nn.Module, optimizer: torch.optim.Optimizer) -> Watch:
        optimizer.param_groups[0]["lr"] = 0.0
        return Watch(net, optimizer, raises=raises)

    if raises:
        with pytest.raises(TrainingFault, match="RT101"):
            train(dead)
    else:
        assert train(dead).close().codes[0] == "RT101"


def test_groups_without_a_rate_are_no_error():
    net = nn.Linear(2, 1)
    optimizer = SGD(net.parameters(), 0.1)
    with Watch(net, optimizer) as watch:
        for _ in range(4):
            optimizer.zero_grad()
            watch.loss(net(torch.ones(4, 2)).square().mean()).backward()
            optimizer.step()
            optimizer.param_groups[0]["extra"] = None
            watch.run.lanes[0].optimizer.param_groups[0].setdefault("lr", None)
    assert watch.verdict().counts["updates"] == 4


def test_a_probe_that_uses_a_name_of_the_watch_is_refused_before_the_loop():
    class Counting(Probe):
        def __init__(self):
            self.updates = 0  # pyright: ignore[reportAttributeAccessIssue]

    net = nn.Linear(2, 1)
    with pytest.raises(InputError, match="updates of the probe Counting as a Why"):
        Watch(net, SGD(net.parameters(), 0.1), probes=[Counting()])
