"""WGAN-GP: several critic steps per generator step."""
import torch
import torch.nn as nn
from torch import autograd

torch.manual_seed(13)
LAMBDA, N_CRITIC, BATCH = 1.0, 4, 64


def real(n):
    t = 2 * torch.pi * torch.rand(n)
    return torch.stack([2 * t.cos() + 3, t.sin()], 1) + 0.05 * torch.randn(n, 2)


def mlp(i, o):
    return nn.Sequential(nn.Linear(i, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, o))


def gradient_penalty(critic, x, y):
    a = torch.rand(len(x), 1)
    inter = (a * x + (1 - a) * y).requires_grad_(True)
    grad, = autograd.grad(critic(inter).sum(), inter, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


gen, critic = mlp(4, 2), mlp(2, 1)
opt_g = torch.optim.Adam(gen.parameters(), lr=3e-3, betas=(0.0, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=3e-3, betas=(0.0, 0.9))


@torch.no_grad()
def sliced_wasserstein():
    a, b = gen(torch.randn(500, 4)), real(500)
    d = torch.randn(2, 40)
    d = d / d.norm(dim=0)
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()


w0 = sliced_wasserstein()
for it in range(120):
    for p in critic.parameters():
        p.requires_grad = True
    for _ in range(N_CRITIC):
        x = real(BATCH)
        with torch.no_grad():
            y = gen(torch.randn(BATCH, 4))
        critic.zero_grad()
        c_loss = critic(y).mean() - critic(x).mean() + LAMBDA * gradient_penalty(critic, x, y)
        c_loss.backward()
        opt_c.step()
    for p in critic.parameters():
        p.requires_grad = False
    gen.zero_grad()
    g_loss = -critic(gen(torch.randn(BATCH, 4))).mean()
    g_loss.backward()
    opt_g.step()
    if it % 30 == 0:
        print(f"it {it} critic {c_loss.item():.3f} gen {g_loss.item():.3f} sw {sliced_wasserstein():.3f}")
w1 = sliced_wasserstein()
assert w1 < 0.3 * w0
print(f"OK {w0:.3f} -> {w1:.3f}")
