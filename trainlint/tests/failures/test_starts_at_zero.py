"""A20 and A15: what starts at zero is told where it stays there, and let be where it leaves."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Watch

from .toy import codes, train

Program = Callable[[], Watch]


class Adapted(nn.Module):
    """A layer with two factors of its own beside it; one of them may start at zero."""

    def __init__(self, inner: nn.Module, spread: float) -> None:
        super().__init__()
        self.inner = inner
        self.down, self.up = nn.Parameter(spread * torch.randn(16, 4)), nn.Parameter(torch.zeros(4, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.inner(x)
        return hidden + hidden @ self.down @ self.up


def adapted(spread: float) -> Program:
    def program() -> Watch:
        torch.manual_seed(0)
        net = nn.Sequential(Adapted(nn.Sequential(nn.Linear(8, 16), nn.Tanh()), spread), nn.Linear(16, 1))
        optimizer = Adam(net.parameters(), 3e-3)
        return train(Watch(net, optimizer, raises=False), net, optimizer, epochs=3)

    return program


def late_table(rate: float) -> Program:
    def program() -> Watch:
        torch.manual_seed(0)
        first, second = nn.Embedding(40, 16), nn.Embedding(40, 16)
        nn.init.normal_(first.weight, 0, 1e-4)
        nn.init.zeros_(second.weight)
        net = nn.ModuleList([first, second])
        optimizer = Adam(net.parameters(), rate)
        watch = Watch(net, optimizer, raises=False)
        for _ in range(60):
            a = torch.randint(40, (64,))
            near, far = (first(a) * second(a // 10)).sum(1), (first(a) * second(torch.randint(40, (64,)))).sum(1)
            optimizer.zero_grad()
            watch.loss(-(F.logsigmoid(near) + F.logsigmoid(-far)).mean()).backward()
            optimizer.step()
        return watch

    return program


def test_gradients_that_leave_a_start_at_zero_do_not_explode():
    assert "RT127" not in codes(late_table(0.02))


@pytest.mark.parametrize(("spread", "told"), [(0.0, True), (0.1, False)])
def test_factors_of_which_both_are_zero_stand_still(spread: float, told: bool):
    assert ("RT119" in codes(adapted(spread))) is told
