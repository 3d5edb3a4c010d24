"""Are losses that are not finite, and that a loop passes over, told from terms and from a guard that seldom acts?"""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from .test_session import watched

NAN = math.nan


def loop(step: Callable[[nn.Module, Tensor, Tensor], Tensor | None], bad: Callable[[int], bool], count: int = 120):
    def program() -> None:
        torch.manual_seed(0)
        net = nn.Linear(4, 2)
        optimizer = SGD(net.parameters(), 0.05)
        for index in range(count):
            x = torch.randn(8, 4)
            y = x[:, :2] * (NAN if bad(index) else 1.0)
            optimizer.zero_grad()
            loss = step(net, x, y)
            if loss is not None:
                loss.backward()
                optimizer.step()

    return program


def guarded(net: nn.Module, x: Tensor, y: Tensor) -> Tensor | None:
    loss = F.mse_loss(net(x), y)
    return loss if torch.isfinite(loss) else None


def of_two(net: nn.Module, x: Tensor, y: Tensor) -> Tensor | None:
    first, second = F.l1_loss(net(x), x[:, :2]), guarded(net, x, y)
    return None if second is None else first + second


def left_out_of_a_sum(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    terms = [F.l1_loss(net(x), x[:, :2]), F.mse_loss(net(x), y)]
    return torch.stack([each for each in terms if torch.isfinite(each)]).sum()


@pytest.mark.parametrize(("step", "bad", "told"), [
    (guarded, lambda i: i % 10 == 3, True),
    (of_two, lambda i: i % 10 == 3, True),
    (guarded, lambda i: i == 50, False),
    (guarded, lambda i: False, False),
    (left_out_of_a_sum, lambda i: i % 10 == 3, False),
])  # fmt: skip
def test_batches_that_are_passed_over(step: Callable, bad: Callable[[int], bool], told: bool) -> None:
    _, verdict = watched(loop(step, bad))
    found = [f for f in verdict.findings if f.rule.code == "RT236"]
    assert bool(found) is told, str(verdict)
    assert all("12 of 120 losses were NaN or inf" in f.evidence for f in found)
    assert told or verdict.healthy, str(verdict)


def test_a_loop_in_which_every_loss_is_passed_over() -> None:
    _, verdict = watched(loop(guarded, lambda _: True))
    assert "RT236" in verdict.codes
    assert not verdict.healthy
