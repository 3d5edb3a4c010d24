"""Optimiser fused into the backward pass: one small optimiser per parameter, stepped by a hook."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(71)
W = torch.randn(6, 2)


def batch(n=64):
    x = torch.randn(n, 6)
    return x, torch.tanh(x @ W) + 0.1 * torch.randn(n, 2)


net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 2))
optimizers = {p: torch.optim.AdamW([p], lr=5e-3) for p in net.parameters()}


def step_and_free(p):
    optimizers[p].step()
    optimizers[p].zero_grad()


for p in net.parameters():
    p.register_post_accumulate_grad_hook(step_and_free)

xt, yt = batch(500)
with torch.no_grad():
    before = F.mse_loss(net(xt), yt).item()
for step in range(200):
    x, y = batch()
    loss = F.mse_loss(net(x), y)
    loss.backward()
    if step % 40 == 0:
        print(f"step {step} loss {loss.item():.4f}")
with torch.no_grad():
    after = F.mse_loss(net(xt), yt).item()
assert after < 0.2 * before
print(f"OK {before:.4f} -> {after:.4f}")
