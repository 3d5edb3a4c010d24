"""The loss is picked from a dict of lambdas and partials, with squeeze where the target is flat."""
import argparse
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F

LOSSES = {
    "mse": lambda out, y: F.mse_loss(out.squeeze(-1), y),
    "mae": lambda out, y: F.l1_loss(out, y.unsqueeze(-1)),
    "huber": lambda out, y: F.huber_loss(out[:, 0], y, delta=0.5),
    "logcosh": lambda out, y: torch.log(torch.cosh(out.view(-1) - y)).mean(),
    "sum": lambda out, y: F.mse_loss(out.flatten(), y, reduction="sum") / y.numel(),
}


def pinball(out, y, tau):
    d = y - out.squeeze(1)
    return torch.max(tau * d, (tau - 1) * d).mean()


LOSSES["median"] = partial(pinball, tau=0.5)


def run(name, epochs, seed=0):
    torch.manual_seed(seed)
    x = torch.rand(400, 3) * 2 - 1
    y = x[:, 0] ** 2 + torch.sin(3 * x[:, 1]) - x[:, 2]
    model = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = LOSSES[name]
    first = last = None
    model.train()
    for epoch in range(epochs):
        for idx in torch.randperm(400).split(50):
            loss = criterion(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            first = first if first is not None else loss.item()
            last = loss.item()
    return first, last


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--loss", nargs="*", default=list(LOSSES), choices=list(LOSSES))
    ap.add_argument("--epochs", type=int, default=12)
    args = ap.parse_args()
    for name in args.loss:
        a, b = run(name, args.epochs)
        print(f"{name:8s} {a:.4f} -> {b:.4f}")
