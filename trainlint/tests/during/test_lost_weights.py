"""Are weights named that are NaN or inf at the end, where a guard keeps every loss that shows it from the watch?"""

import re
from collections.abc import Callable, Iterator

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer

from trainlint import Severity, Verdict, Watch

Train = Callable[[Watch, nn.Module, Optimizer, Tensor, Tensor, int], None]


def guarded(watch: Watch, net: nn.Module, optimizer: Optimizer, loss: Tensor) -> None:
    """The usual guard: it looks at the loss and not at the gradient."""
    if torch.isnan(loss):
        return
    optimizer.zero_grad()
    watch.loss(loss).backward()
    optimizer.step()


def root_at_zero(watch: Watch, net: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor, update: int) -> None:
    """The slope of a root at 0 is infinite, once."""
    out = net(x)
    extra = (out - out.detach()).square().sum().sqrt() if update == 21 else 0.0
    guarded(watch, net, optimizer, F.l1_loss(out, y) + extra)


def root_above_zero(watch: Watch, net: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor, update: int) -> None:
    out = net(x)
    extra = ((out - out.detach()).square().sum() + 1e-8).sqrt() if update == 21 else 0.0
    guarded(watch, net, optimizer, F.l1_loss(out, y) + extra)


def overflows(watch: Watch, net: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor, update: int) -> None:
    """A finite gradient times a rate that is out of bounds."""
    if update == 21:
        optimizer.param_groups[0]["lr"] = 3e38
    guarded(watch, net, optimizer, 4e3 * F.l1_loss(net(x), y))


def clipped_by_nan(watch: Watch, net: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor, update: int) -> None:
    """A gradient that is infinite in one entry makes all of them NaN where the norm is clipped."""
    loss = F.l1_loss(net(x), y)
    if not loss.isfinite():
        return
    optimizer.zero_grad()
    watch.loss(loss).backward()
    first = next(net.parameters())
    if update == 21 and first.grad is not None:
        first.grad[0, 0] = torch.inf
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()


def one_bad_sample(watch: Watch, net: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor, update: int) -> None:
    """One batch in a while is NaN, and the guard does what it is for."""
    guarded(watch, net, optimizer, F.l1_loss(net(x), y) * (torch.nan if update % 13 == 5 else 1.0))


def whole(train: Train, net: nn.Module | None = None, kind: type[Optimizer] = SGD, updates: int = 45) -> Verdict:
    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1)) if net is None else net
    optimizer = kind(net.parameters(), lr=1e-2)  # pyright: ignore[reportCallIssue]
    watch = Watch(net, optimizer, raises=False)
    for update, (x, y) in enumerate(batches(updates)):
        train(watch, net, optimizer, x, y, update)
        if update % 15 == 14:
            watch.epoch()
    return watch.close()


def batches(count: int) -> Iterator[tuple[Tensor, Tensor]]:
    generator = stream(2, "lost weights")
    for _ in range(count):
        x = torch.randn(12, 6, generator=generator)
        yield x, x[:, :1]


@pytest.mark.parametrize("kind", [SGD, Adam])
@pytest.mark.parametrize("train", [root_at_zero, overflows, clipped_by_nan])
def test_weights_that_a_guard_hides_are_named(train: Train, kind: type[Optimizer]):
    verdict = whole(train, kind=kind)
    (found,) = [f for f in verdict.findings if f.rule.code == "RT312"]
    assert verdict.state.name == "DIVERGED"
    assert found.severity is Severity.FATAL
    assert re.search(r"between updates (16|20|21) and 2[12]: 0.weight", found.evidence)
    assert "since then an epoch passed without a backward pass" in found.evidence


@pytest.mark.parametrize("train", [root_above_zero, one_bad_sample])
def test_a_guard_that_does_its_work_is_sound(train: Train):
    verdict = whole(train)
    assert "RT312" not in verdict.codes
    assert verdict.healthy


def test_statistics_that_one_batch_has_spoilt_are_named():
    """The normalisation learns on with the batch's own statistics, and answers NaN in evaluation."""

    def train(watch: Watch, net: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor, update: int) -> None:
        guarded(watch, net, optimizer, F.l1_loss(net(x * (torch.nan if update == 21 else 1.0)), y))

    net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    verdict = whole(train, net)
    (found,) = [f for f in verdict.findings if f.rule.code == "RT312"]
    assert "1.running_mean, 1.running_var" in found.evidence


def test_weights_that_are_infinite_from_the_start_are_a_mask():
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.score = nn.Linear(6, 4)
            self.mask = nn.Parameter(torch.tensor([0.0, 0.0, 0.0, -torch.inf]), requires_grad=False)
            self.last = nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.last((self.score(x) + self.mask).softmax(1))

    assert "RT312" not in whole(one_bad_sample, Masked()).codes


def test_weights_that_were_nan_from_the_start_are_named():
    net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
    next(net.parameters()).data[3, 3] = torch.nan  # as of a checkpoint that was kept too late
    assert "RT312" in whole(one_bad_sample, net).codes
