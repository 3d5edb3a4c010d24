"""VICReg: variance, invariance and covariance terms instead of negatives."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(25)
PROTO = 1.5 * torch.randn(5, 10)
MIX = torch.randn(40, 40) / 6


def contents(n):
    y = torch.randint(5, (n,))
    return PROTO[y] + 0.3 * torch.randn(n, 10), y


def corrupt(c):
    return torch.cat([c + 0.2 * torch.randn_like(c), 2 * torch.randn(len(c), 30)], 1) @ MIX


def off_diagonal(m):
    return m - torch.diag(m.diag())


def vicreg(a, b):
    invariance = F.mse_loss(a, b)
    var = sum(F.relu(1 - (z.var(0) + 1e-4).sqrt()).mean() for z in (a, b))
    cov = sum(off_diagonal(torch.cov(z.t())).pow(2).sum() / z.shape[1] for z in (a, b))
    return 25 * invariance + 25 * var + cov


backbone = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 24))
expander = nn.Sequential(nn.ReLU(), nn.Linear(24, 32))
c_train, y_train = contents(400)
c_test, y_test = contents(300)


def ridge_probe():
    """Closed-form linear classifier on frozen features."""
    with torch.no_grad():
        h, g = backbone(corrupt(c_train)), backbone(corrupt(c_test))
        mu, sd = h.mean(0), h.std(0) + 1e-6
        h, g = (h - mu) / sd, (g - mu) / sd
        w = torch.linalg.solve(h.t() @ h + 10 * torch.eye(24), h.t() @ F.one_hot(y_train, 5).float())
        return ((g @ w).argmax(1) == y_test).float().mean().item()


optimizer = torch.optim.AdamW([*backbone.parameters(), *expander.parameters()], lr=3e-3, weight_decay=1e-4)
start = ridge_probe()
for step in range(200):
    c, _ = contents(128)
    loss = vicreg(expander(backbone(corrupt(c))), expander(backbone(corrupt(c))))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"{step} {loss.item():.2f} probe {ridge_probe():.3f}")
end = ridge_probe()
assert end > start + 0.1
print(f"OK {start:.3f} -> {end:.3f}")
