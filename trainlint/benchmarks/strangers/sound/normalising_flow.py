"""Normalising flow with affine coupling layers (RealNVP) on two moons."""
import math

import torch
import torch.nn as nn

torch.manual_seed(26)


def moons(n):
    t = math.pi * torch.rand(n)
    side = torch.randint(2, (n,)).float()
    x = torch.cos(t) * (1 - 2 * side) + side
    y = torch.sin(t) * (1 - 2 * side) + 0.5 * side
    return torch.stack([x, y], 1) + 0.07 * torch.randn(n, 2)


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x.chunk(2, 1)
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = torch.tanh(s) * 2
        b = b * s.exp() + t
        return torch.cat([b, a] if self.flip else [a, b], 1), s.squeeze(1)


class Flow(nn.Module):
    def __init__(self, depth=6):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2 == 1) for i in range(depth))

    def log_prob(self, x):
        log_det = 0.0
        for layer in self.layers:
            x, ld = layer(x)
            log_det = log_det + ld
        return -0.5 * x.pow(2).sum(1) - math.log(2 * math.pi) + log_det


flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=4e-3)
held = moons(500)
with torch.no_grad():
    before = -flow.log_prob(held).mean().item()
for step in range(220):
    loss = -flow.log_prob(moons(128)).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(flow.parameters(), 1.0)
    opt.step()
    if step % 40 == 0:
        print(f"step {step} nll {loss.item():.3f}")
with torch.no_grad():
    after = -flow.log_prob(held).mean().item()
assert after < before - 0.5
print(f"OK {before:.3f} -> {after:.3f}")
