"""Adversarial training with PGD inside the loop."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(57)
EPS, ALPHA, ITERS = 0.3, 0.12, 4
centres = 1.0 * torch.randn(3, 20)


def sample(n):
    y = torch.randint(3, (n,))
    return centres[y] + 0.6 * torch.randn(n, 20), y


def pgd(model, x, y):
    delta = torch.empty_like(x).uniform_(-EPS, EPS).requires_grad_(True)
    for _ in range(ITERS):
        loss = F.cross_entropy(model(x + delta), y)
        g, = torch.autograd.grad(loss, delta)
        delta = (delta + ALPHA * g.sign()).clamp(-EPS, EPS).detach().requires_grad_(True)
    return (x + delta).detach()


model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
xt, yt = sample(300)


def robust_accuracy():
    adv = pgd(model, xt, yt)
    with torch.no_grad():
        return (model(adv).argmax(1) == yt).float().mean().item()


before = robust_accuracy()
for step in range(120):
    x, y = sample(64)
    model.eval()
    x_adv = pgd(model, x, y)
    model.train()
    loss = F.cross_entropy(model(x_adv), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 0:
        print(f"step {step} adversarial loss {loss.item():.3f} robust acc {robust_accuracy():.3f}")
after = robust_accuracy()
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
