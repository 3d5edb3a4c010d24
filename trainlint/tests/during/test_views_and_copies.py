"""Are equal views, copied places and weights that are set back told from what looks like them and is meant?"""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer

from trainlint import Verdict, Watch


def watched(net: nn.Module, loss, count: int = 12, optimizer: Optimizer | None = None) -> Verdict:
    optimizer = Adam(net.parameters(), 1e-3) if optimizer is None else optimizer
    with Watch(net, optimizer, raises=False) as watch:
        for step in range(count):
            watch.loss(loss(step)).backward()
            optimizer.step()
            optimizer.zero_grad()
    return watch.verdict()


def contrast(a: Tensor, b: Tensor) -> Tensor:
    z = F.normalize(torch.cat([a, b]), dim=1)
    alike = (z @ z.T / 0.3).masked_fill(torch.eye(len(z), dtype=torch.bool), -9.0)
    return F.cross_entropy(alike, torch.arange(len(z)).roll(len(a)))


def twice(net: nn.Module, kind: str):
    def loss(_: int) -> Tensor:
        x = torch.randn(16, 6)
        if kind == "two terms":
            return F.mse_loss(net(x), x[:, :4]) + net(x).square().mean()
        if kind == "entropy":
            return -(net(x).softmax(1) * net(x).log_softmax(1)).sum(1).mean()
        other = x + 0.1 * torch.randn(16, 6) if kind == "views" else x.clone() if kind == "seeds" else x
        return (
            net(x) @ net(other).T @ torch.ones(16) @ torch.ones(16)
            if kind == "product"
            else contrast(net(x), net(other))
        )

    return loss


@pytest.mark.parametrize(("kind", "told"), [
    ("one", True), ("seeds", True), ("product", True), ("views", False), ("two terms", False), ("entropy", False),
])  # fmt: skip
def test_equal_views(kind: str, told: bool) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
    assert ("RT333" in watched(net, twice(net, kind)).codes) is told


def test_dropout_between_two_passes_is_a_view() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.1), nn.Linear(16, 4))
    assert "RT333" not in watched(net, twice(net, "one")).codes


class Recurrent(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.embed = kind, nn.Embedding(9, 8)
        self.rnn = nn.GRU(8, 12, batch_first=True, bidirectional=kind == "both ways")
        self.back = nn.GRU(12, 12, batch_first=True) if kind == "autoencoder" else None
        self.head = nn.Linear(24 if kind == "both ways" else 12, 63 if kind == "from the end" else 9)

    def forward(self, x: Tensor) -> Tensor:
        out = self.rnn(self.embed(x))[0]
        if self.back is not None:
            out = self.back(out[:, -1:].expand(-1, x.shape[1], -1).contiguous())[0]
        return self.head(out[:, -1]).view(len(x), 7, 9) if self.kind == "from the end" else self.head(out)


@pytest.mark.parametrize(("kind", "shift", "told"), [
    ("causal", 0, True), ("causal", 1, False), ("both ways", 0, False), ("autoencoder", 0, False),
    ("from the end", 0, False),
])  # fmt: skip
def test_targets_that_are_the_inputs(kind: str, shift: int, told: bool) -> None:
    torch.manual_seed(0)
    net = Recurrent(kind)

    def loss(_: int) -> Tensor:
        text = torch.randint(0, 9, (6, 8))
        return F.cross_entropy(net(text[:, :7]).reshape(-1, 9), text[:, shift : 7 + shift].reshape(-1))

    assert ("RT406" in watched(net, loss).codes) is told


@pytest.mark.parametrize("kind", ["wrong way", "right way", "clipped", "each task"])
def test_weights_that_are_set_back(kind: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    other = copy.deepcopy(net)

    def loss(step: int) -> Tensor:
        if step % 4 == 3:
            source, goal = (net, other) if kind == "right way" else (other, net)
            if kind == "clipped":
                for p in net.parameters():
                    p.data.clamp_(-0.01, 0.01)
            else:
                goal.load_state_dict(source.state_dict())
            if kind == "each task" and step % 16 == 15:
                for p in other.parameters():
                    p.data.mul_(0.9)
        x = torch.randn(16, 6)
        return F.mse_loss(net(x), x[:, :2])

    verdict = watched(net, loss, 64, SGD(net.parameters(), 0.05))
    assert any("set back" in f.evidence for f in verdict.findings) is (kind == "wrong way"), str(verdict)
