"""Multi-task learning with learned uncertainty weights (Kendall et al.)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(10)


def make(n):
    x = torch.randn(n, 8)
    price = 30 * (x[:, 0] + 0.5 * x[:, 1] * x[:, 2]) + 3 * torch.randn(n)
    kind = (x[:, 3] + x[:, 4] > 0).long() + (x[:, 5] > 0.5).long()
    return x, price, kind


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.price = nn.Linear(64, 1)
        self.kind = nn.Linear(64, 3)
        self.log_vars = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        h = self.trunk(x)
        return self.price(h).squeeze(-1), self.kind(h)


def score():
    with torch.no_grad():
        price, kind = net(x_val)
        rmse = F.mse_loss(price, p_val / 30).sqrt().item()
        err = (kind.argmax(1) != k_val).float().mean().item()
    return rmse + err


x, p, k = make(1000)
x_val, p_val, k_val = make(300)
net = Net()
optimizer = torch.optim.Adam([
    {"params": [w for name, w in net.named_parameters() if name != "log_vars"], "weight_decay": 1e-4},
    {"params": [net.log_vars], "lr": 1e-2},
], lr=3e-3)
before = score()
for epoch in range(10):
    perm = torch.randperm(1000)
    for idx in perm.split(50):
        xb, pb, kb = x[idx], p[idx] / 30, k[idx]
        price, kind = net(xb)
        loss_price = F.mse_loss(price, pb)
        loss_kind = F.cross_entropy(kind, kb)
        w_price, w_kind = torch.exp(-net.log_vars)
        loss = w_price * loss_price + w_kind * loss_kind + net.log_vars.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    sigma = net.log_vars.exp().sqrt().tolist()
    print(f"epoch {epoch} price {loss_price:.3f} kind {loss_kind:.3f} sigma {sigma[0]:.2f} {sigma[1]:.2f}")

after = score()
assert after < 0.4 * before
print(f"OK {before:.3f} -> {after:.3f}")
