"""A second batch of buggy public programs, written after the rules and run once."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from .public import FORUM, STUDY, Bug, inputs, net, sgd, smooth, train


class Chain(nn.Module):
    """A recurrent chain whose matrix grows what it is given."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.loop, self.last = nn.Linear(8, 16), nn.Linear(16, 16, bias=False), nn.Linear(16, 1)
        with torch.no_grad():
            self.loop.weight.copy_(1.6 * torch.eye(16))

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for _ in range(20):
            h = self.loop(h)
        return self.last(h)


class Blocked(nn.Module):
    """A backbone under no_grad that was meant to be trained."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Sequential(nn.Linear(8, 32), nn.ReLU()), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            h = self.body(x)
        return self.head(h)


class Converted(nn.Module):
    """A round trip through numpy in the middle."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Sequential(nn.Linear(8, 32), nn.ReLU()), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.from_numpy(self.body(x).detach().numpy()))


def huge() -> nn.Module:
    model = net()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(100.0)
    return model


def bad_row() -> Tensor:
    x = inputs()
    x[5, 3] = float("nan")
    return x


def heavy() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.98), nn.Linear(32, 1))


SECOND = (
    Bug("momentum 0.99 with a rate of 0.3", STUDY, "RT130", lambda: train(net(), optimizer=sgd(0.3, momentum=0.99))),
    Bug("inputs never loaded (all zero)", FORUM, "RT331",
        lambda: train(net(), x=0 * inputs(), target=lambda x: smooth(inputs()))),
    Bug("no activation, product target", STUDY, "RT219",
        lambda: train(nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 1)), target=lambda x: x[:, :1] * x[:, 1:2])),
    Bug("loss with the wrong sign", FORUM, "RT210", lambda: train(net(), lambda o, y: -F.mse_loss(o, y))),
    Bug("loss of the wrong sign, distance form", FORUM, "RT210",
        lambda: train(net(), lambda o, y: 10 - (o - y).abs().mean())),
    Bug("Adam with eps = 1000", STUDY, "RT219",
        lambda: train(net(), optimizer=lambda m: Adam(m.parameters(), 1e-3, eps=1e3))),
    Bug("backbone under no_grad", FORUM, "RT122", lambda: train(Blocked())),
    Bug("numpy round trip", FORUM, "RT122", lambda: train(Converted())),
    Bug("recurrent matrix above one", STUDY, "", lambda: train(Chain(), optimizer=sgd(1e-3)), flagged=True),
    Bug("weights a hundred times too large", STUDY, "", lambda: train(huge()), flagged=True),
    Bug("NaN in one row of the inputs", FORUM, "RT330",
        lambda: train(net(), x=bad_row(), target=lambda x: smooth(inputs()))),
    Bug("dropout of 0.98", STUDY, "RT219", lambda: train(heavy())),
    Bug("targets in other units (1e4)", FORUM, "RT219", lambda: train(net(), target=lambda x: 1e4 * smooth(x))),
)  # fmt: skip
"""Written after the rules, and run once: 7 of 13 were named, 4 only flagged and 2 missed.

One of the two, a backbone under no_grad, is named since modules are counted there too.
"""
