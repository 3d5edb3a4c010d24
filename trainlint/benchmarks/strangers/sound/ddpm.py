"""Denoising diffusion (DDPM) on a ring of points, with sampling at the end."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(27)
STEPS = 40
betas = torch.linspace(1e-3, 0.2, STEPS)
alphas = 1 - betas
abar = alphas.cumprod(0)


def ring(n):
    a = 2 * torch.pi * torch.rand(n)
    return 1.5 * torch.stack([a.cos(), a.sin()], 1) + 0.05 * torch.randn(n, 2)


class Denoiser(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.time = nn.Embedding(STEPS, 16)
        self.net = nn.Sequential(nn.Linear(18, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                                 nn.Linear(width, 2))

    def forward(self, x, t):
        return self.net(torch.cat([x, self.time(t)], 1))


@torch.no_grad()
def generate(model, n=300):
    x = torch.randn(n, 2)
    for t in reversed(range(STEPS)):
        eps = model(x, torch.full((n,), t))
        x = (x - betas[t] / (1 - abar[t]).sqrt() * eps) / alphas[t].sqrt()
        if t:
            x = x + betas[t].sqrt() * torch.randn_like(x)
    return x


def radius_error(model):
    return (generate(model).norm(dim=1) - 1.5).abs().mean().clamp(max=10).item()


model = Denoiser()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
before = radius_error(model)
for step in range(300):
    x0 = ring(128)
    t = torch.randint(STEPS, (128,))
    noise = torch.randn_like(x0)
    xt = abar[t].sqrt()[:, None] * x0 + (1 - abar[t]).sqrt()[:, None] * noise
    loss = F.mse_loss(model(xt, t), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 60 == 0:
        print(f"step {step} loss {loss.item():.4f}")
after = radius_error(model)
assert after < 0.35 * before
print(f"OK {before:.4f} -> {after:.4f}")
