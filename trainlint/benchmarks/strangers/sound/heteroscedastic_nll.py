"""Gaussian negative log-likelihood with learned variance; the loss becomes negative."""
import torch
import torch.nn as nn

torch.manual_seed(54)


def noisy(n):
    x = 4 * torch.rand(n, 1) - 2
    sigma = 0.02 + 0.1 * x.abs()
    return x, torch.sin(2 * x) + sigma * torch.randn(n, 1)


class MeanVariance(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 2))

    def forward(self, x):
        mean, raw = self.net(x).chunk(2, 1)
        return mean, nn.functional.softplus(raw) + 1e-4


model = MeanVariance()
nll = nn.GaussianNLLLoss()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
xt, yt = noisy(500)


def test_nll():
    with torch.no_grad():
        mean, var = model(xt)
        return nll(mean, yt, var).item()


before = test_nll()
for step in range(300):
    x, y = noisy(64)
    mean, var = model(x)
    loss = nll(mean, y, var)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 50 == 0:
        print(f"{step} nll {loss.item():.3f} test {test_nll():.3f}")
after = test_nll()
assert after < before - 0.8 and after < 0
print(f"OK {before:.3f} -> {after:.3f}")
