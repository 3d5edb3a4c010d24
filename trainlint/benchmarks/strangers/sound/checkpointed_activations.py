"""Deep residual MLP with checkpointed activations."""
import torch
import torch.nn as nn
from torch.utils.checkpoint import checkpoint

torch.manual_seed(37)


class ResBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Dropout(0.05), nn.Linear(2 * d, d))

    def forward(self, x):
        return x + self.ff(self.norm(x))


class DeepNet(nn.Module):
    def __init__(self, depth=6, d=24):
        super().__init__()
        self.stem = nn.Linear(5, d)
        self.blocks = nn.ModuleList(ResBlock(d) for _ in range(depth))
        self.head = nn.Linear(d, 1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.training else block(x)
        return self.head(x)[:, 0]


def problem(n):
    x = torch.rand(n, 5)
    # Friedman number one, scaled to about unit variance.
    y = 10 * torch.sin(torch.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, (y - 14.4) / 4.9


x, y = problem(1500)
xv, yv = problem(300)
model = DeepNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)


def validate():
    model.eval()
    with torch.no_grad():
        value = (model(xv) - yv).pow(2).mean().item()
    model.train()
    return value


before = validate()
for epoch in range(4):
    for idx in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = (model(x[idx]) - y[idx]).pow(2).mean()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} train {loss.item():.4f} val {validate():.4f}")
after = validate()
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
