"""Is a softmax before a criterion seen behind a clamp, a small constant or a logarithm, and only where it is wrong?"""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from trainlint import Watch


def told(loss, net: nn.Module | None = None) -> set[str]:
    torch.manual_seed(0)
    net = nn.Linear(5, 4) if net is None else net
    optimizer = SGD(net.parameters(), 0.1)
    with Watch(net, optimizer, raises=False) as watch:
        for _ in range(4):
            x = torch.randn(12, 5)
            watch.loss(loss(net(x), x[:, :4].argmax(1))).backward()
            optimizer.step()
            optimizer.zero_grad()
    return {f.rule.code for f in watch.verdict().findings if f.severity != "note"}


def by_hand(shares: Tensor, y: Tensor) -> Tensor:
    return -(F.one_hot(y, 4) * torch.log(shares + 1e-8)).sum(1).mean()


WRONG = {
    "clamped": lambda z, y: F.cross_entropy(z.softmax(1).clamp(1e-7, 1), y),
    "a constant added": lambda z, y: F.cross_entropy(z.softmax(1) + 1e-8, y),
    "both": lambda z, y: F.cross_entropy((z.softmax(1) + 1e-8).clamp_min(1e-6), y),
    "no logarithm": lambda z, y: F.nll_loss(z.softmax(1).clamp_min(1e-7), y),
    "sigmoid": lambda z, y: F.binary_cross_entropy_with_logits(z.sigmoid().clamp(1e-6, 1), F.one_hot(y, 4).float()),
    "by hand": lambda z, y: F.cross_entropy(z.exp() / z.exp().sum(1, keepdim=True), y),
    "divided by the sum": lambda z, y: F.nll_loss(F.normalize(F.softplus(z), p=1).log_softmax(1), y),
    "over the batch, clamped": lambda z, y: F.nll_loss(z.softmax(0).clamp_min(1e-7).log(), y),
    "over the batch, then again": lambda z, y: F.cross_entropy((z.softmax(0) + 1e-8).log(), y),
    "over the batch, by hand": lambda z, y: by_hand(z.softmax(0), y),
    "over the batch, squared": lambda z, y: F.mse_loss(z.softmax(0).clamp_min(1e-7), F.one_hot(y, 4).float()),
}
RIGHT = {
    "clamped before the logarithm": lambda z, y: F.nll_loss(z.softmax(1).clamp_min(1e-7).log(), y),
    "log-probabilities": lambda z, y: F.cross_entropy((z.softmax(1) + 1e-8).log(), y),
    "by hand": lambda z, y: by_hand(z.softmax(1), y),
    "divided by the sum, then logged": lambda z, y: F.nll_loss((z.exp() / z.exp().sum(1, keepdim=True)).log(), y),
    "over a temperature": lambda z, y: F.cross_entropy(z / 0.5, y),
    "over a learned scale": lambda z, y: F.cross_entropy(z / z.detach().std(), y),
    "over their own norm": lambda z, y: F.cross_entropy(F.normalize(z), y),
    "scores clamped": lambda z, y: F.cross_entropy(z.clamp(-30, 30), y),
    "scores with an offset": lambda z, y: F.cross_entropy(z + 0.1, y),
    "probabilities clamped": lambda z, y: F.binary_cross_entropy(z.sigmoid().clamp(1e-6, 1), F.one_hot(y, 4).float()),
    "bounded scores": lambda z, y: F.cross_entropy(10 * torch.tanh(z), y),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong(kind: str) -> None:
    assert "RT216" in told(WRONG[kind])


@pytest.mark.parametrize("kind", RIGHT)
def test_right(kind: str) -> None:
    assert not told(RIGHT[kind])


class Mixture(nn.Module):
    """Shares of a gate over shares of experts: the answer is no softmax, and its entries sum to one."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.experts = nn.Linear(5, 3), nn.ModuleList(nn.Linear(5, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        shares = torch.stack([expert(x).softmax(1) for expert in self.experts], 1)
        return (self.gate(x).softmax(1)[..., None] * shares).sum(1)


def test_an_answer_whose_entries_sum_to_one_is_no_score() -> None:
    assert "RT216" in told(F.cross_entropy, Mixture())
    assert not told(lambda p, y: F.nll_loss(p.log(), y), Mixture())
