"""Quantile (pinball) regression on the full batch with Rprop, printing the coverage."""
import torch
import torch.nn as nn

torch.manual_seed(80)
taus = torch.tensor([0.1, 0.5, 0.9])
x = 2 * torch.rand(500, 1) - 1
y = 2 * x + (0.2 + 0.5 * (x + 1)) * torch.randn(500, 1)
x_val = 2 * torch.rand(500, 1) - 1
y_val = 2 * x_val + (0.2 + 0.5 * (x_val + 1)) * torch.randn(500, 1)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 3))
opt = torch.optim.Rprop(net.parameters(), lr=1e-2)


def pinball(pred, y):
    e = y - pred
    return torch.maximum(taus * e, (taus - 1) * e).mean()


with torch.no_grad():
    before = pinball(net(x_val), y_val).item()
for epoch in range(80):
    opt.zero_grad()
    loss = pinball(net(x), y)
    loss.backward()
    opt.step()
    if epoch % 20 == 0:
        cover = (y_val < net(x_val)).float().mean(0).tolist()
        print(f"epoch {epoch} pinball {loss.item():.4f} coverage", [round(c, 2) for c in cover])
with torch.no_grad():
    after = pinball(net(x_val), y_val).item()
assert after < 0.6 * before
print(f"OK {before:.4f} -> {after:.4f}")
