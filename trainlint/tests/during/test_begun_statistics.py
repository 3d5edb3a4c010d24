"""Are running statistics told that the run was too short for, or that come from single samples, and no others?"""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from trainlint import Watch


def told(momentum: float, batches: int, *, offset: float = 6.0, evaluated: bool = True) -> bool:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 12), nn.BatchNorm1d(12, momentum=momentum), nn.ReLU(), nn.Linear(12, 1))
    optimizer = SGD(net.parameters(), 0.01)
    with Watch(net, optimizer, raises=False) as watch:
        for _ in range(batches):
            x = torch.randn(24, 4)
            watch.loss((net(x + offset) - x[:, :1]).square().mean()).backward()
            optimizer.step()
            optimizer.zero_grad()
        if evaluated:
            net.eval()
            with torch.no_grad():
                net(torch.randn(8, 4) + offset)
    return "RT233" in [f.rule.code for f in watch.verdict().findings]


@pytest.mark.parametrize(("momentum", "batches"), [(0.002, 60), (0.01, 40), (0.0005, 12)])
def test_statistics_that_have_not_arrived(momentum: float, batches: int) -> None:
    assert told(momentum, batches)


@pytest.mark.parametrize(
    ("momentum", "batches", "offset", "evaluated"),
    [
        (0.02, 60, 6.0, True),  # they have arrived
        (0.1, 5, 6.0, True),  # too short for any momentum
        (0.002, 60, 0.0, True),  # what they began with is near enough
        (0.002, 60, 6.0, False),  # nobody uses them
    ],
)
def test_statistics_that_do_no_harm(momentum: float, batches: int, offset: float, evaluated: bool) -> None:
    assert not told(momentum, batches, offset=offset, evaluated=evaluated)


@pytest.mark.parametrize(("size", "told"), [(1, True), (16, False)])
def test_statistics_of_single_samples_explain_a_validation_that_rises(size: int, told: bool) -> None:
    """Each sample is normalised by itself, and validation by what such samples left behind."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.ReLU(), nn.Flatten(), nn.Linear(40, 1))
    optimizer = SGD(net.parameters(), 1e-3)
    with Watch(net, optimizer, raises=False) as watch:
        for epoch in range(8):
            for _ in range(12):
                x = 3 * torch.randn(size, 1, 1) + torch.randn(size, 1, 12)
                watch.loss((net(x) - x.mean(2)).square().mean()).backward()
                optimizer.step()
                optimizer.zero_grad()
            watch.epoch(train=1 - 0.05 * epoch, val=1.5 + 0.1 * epoch, batches=12)
    assert ("RT233" in watch.verdict().codes) is told
    assert "RT230" in watch.verdict().codes
    assert (watch.verdict().codes[0] == "RT233") is told
