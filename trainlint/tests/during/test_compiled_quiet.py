"""Does a program whose model is compiled hear no warning that it would not hear without a watch?"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module as modules
from torch.optim import Adam

from trainlint import Watch
from trainlint.during.unedited.session import Options, Session
from trainlint.verdict import State


class Holder(nn.Module):
    """A model of which a part is compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Any = torch.compile(nn.Linear(4, 16), backend="eager")
        self.last = nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x).relu())


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*global hooks")
        yield


def train(model: Any, own: nn.Module) -> None:
    optimizer = Adam(own.parameters(), 1e-2)
    for _ in range(20):
        x = torch.randn(32, 4)
        optimizer.zero_grad()
        (model(x) - x.sum(1, keepdim=True)).pow(2).mean().backward()
        optimizer.step()


def plain() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))


@pytest.mark.parametrize("make", [plain, Holder])
@pytest.mark.parametrize("whole", [True, False])
def test_under_a_session(make: type[nn.Module], whole: bool) -> None:
    before, call = torch.compile, vars(torch._dynamo.OptimizedModule)["__call__"]
    session = Session(Options())
    session.start()
    own = make()
    train(torch.compile(own, backend="eager") if whole else own, own)
    verdict = session.stop()
    assert not session.failure
    assert verdict.state is State.HEALTHY
    assert verdict.counts["updates"] == 20
    assert torch.compile is before
    assert vars(torch._dynamo.OptimizedModule)["__call__"] is call
    assert not modules._has_any_global_hook()


def test_a_model_that_is_compiled_while_a_watch_is_there() -> None:
    model = plain()
    optimizer = Adam(model.parameters(), 1e-2)
    before = torch.compile
    with Watch(model, optimizer, preset="full"):
        compiled: Any = torch.compile(model, backend="eager")
        compiled(torch.randn(8, 4)).mean().backward()
        optimizer.step()
    assert torch.compile is before
    assert not modules._has_any_global_hook()
