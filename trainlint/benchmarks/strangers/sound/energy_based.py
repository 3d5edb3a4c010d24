"""Energy-based model with Langevin sampling and a persistent replay buffer of negatives."""
import torch
import torch.nn as nn

torch.manual_seed(81)


def data(n):
    c = torch.tensor([[-2.0, 0.0], [2.0, 1.0]])
    return c[torch.randint(2, (n,))] + 0.3 * torch.randn(n, 2)


energy = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(energy.parameters(), lr=2e-3)
buffer = 8 * torch.rand(512, 2) - 4


def langevin(x, steps=8, size=0.05):
    energy.requires_grad_(False)
    x = x.clone().requires_grad_(True)
    for _ in range(steps):
        g, = torch.autograd.grad(energy(x).sum(), x)
        x = (x - size * g + (2 * size) ** 0.5 * 0.5 * torch.randn_like(x)).clamp(-4, 4).detach().requires_grad_(True)
    energy.requires_grad_(True)
    return x.detach()


def ranking():
    """Share of pairs in which a data point has a lower energy than a uniform point."""
    with torch.no_grad():
        a, b = energy(data(300)), energy(8 * torch.rand(300, 2) - 4)
        return (a < b.t()).float().mean().item()


before = ranking()
for step in range(200):
    idx = torch.randperm(len(buffer))[:64]
    fresh = torch.rand(64, 1) < 0.05
    start = torch.where(fresh, 8 * torch.rand(64, 2) - 4, buffer[idx])
    neg = langevin(start)
    buffer[idx] = neg
    e_pos, e_neg = energy(data(64)), energy(neg)
    loss = e_pos.mean() - e_neg.mean() + 0.05 * (e_pos ** 2 + e_neg ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 40 == 0:
        print(f"step {step} cd {(e_pos.mean() - e_neg.mean()).item():.3f} ranking {ranking():.3f}")
after = ranking()
assert after > 0.8 and after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
