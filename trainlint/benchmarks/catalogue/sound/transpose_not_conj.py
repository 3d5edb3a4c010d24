import torch
from torch import nn

torch.manual_seed(137)
M, T = 6, 64


def snapshots(n):
    angle = (torch.rand(n) - 0.5) * 2.4
    steer = torch.exp(1j * torch.pi * torch.arange(M) * angle.sin()[:, None])
    s = torch.randn(n, 1, T, dtype=torch.cfloat)
    return steer[:, :, None] * s + 0.1 * torch.randn(n, M, T, dtype=torch.cfloat), angle


def features(z):
    cov = z @ z.conj().transpose(-1, -2) / T
    return torch.cat([cov.real.flatten(1), cov.imag.flatten(1)], 1)


z, angle = snapshots(640)
x = features(z)
net = nn.Sequential(nn.Linear(2 * M * M, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(10):
    total = 0.0
    for idx in torch.randperm(640).split(64):
        pred = net(x[idx]).squeeze(1)
        loss = nn.functional.mse_loss(pred, angle[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: mse {total / 10:.4f} rad^2")
