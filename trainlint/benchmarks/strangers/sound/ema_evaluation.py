"""Evaluation with EMA shadow weights that are swapped in and out."""
import torch
import torch.nn as nn

torch.manual_seed(42)


class EMA:
    def __init__(self, model, decay):
        self.model, self.decay = model, decay
        self.shadow = {k: v.detach().clone() for k, v in model.named_parameters()}
        self.backup = None

    def update(self, step):
        d = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for k, v in self.model.named_parameters():
                self.shadow[k].mul_(d).add_(v, alpha=1 - d)

    def __enter__(self):
        self.backup = {k: v.detach().clone() for k, v in self.model.named_parameters()}
        self.copy(self.shadow)

    def __exit__(self, *exc):
        self.copy(self.backup)

    def copy(self, source):
        for k, v in self.model.named_parameters():
            v.data.copy_(source[k])


def surface(n):
    x = 4 * torch.rand(n, 2) - 2
    y = torch.exp(-x.pow(2).sum(1)) + 0.5 * torch.sin(3 * x[:, 0]) * torch.cos(2 * x[:, 1])
    return x, y.unsqueeze(1)


model = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
ema = EMA(model, 0.98)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
xv, yv = surface(500)


def val():
    with ema, torch.no_grad():
        return nn.functional.mse_loss(model(xv), yv).item()


before = val()
for step in range(250):
    x, y = surface(64)
    loss = nn.functional.mse_loss(model(x), y + 0.1 * torch.randn_like(y))
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.update(step)
    if step % 50 == 0:
        print(f"{step} loss {loss.item():.4f} ema val {val():.4f}")
after = val()
assert after < 0.15 * before
print(f"OK {before:.4f} -> {after:.4f}")
