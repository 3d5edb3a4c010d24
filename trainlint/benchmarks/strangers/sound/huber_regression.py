"""Robust regression with Huber loss on targets with outliers."""
import torch
from torch import nn

torch.manual_seed(1)

# Five columns with clearly different scales, as they come out of a spreadsheet.
scale = torch.tensor([1.0, 10.0, 0.1, 100.0, 5.0])
offset = torch.tensor([0.0, 50.0, 1.0, -300.0, 2.0])
raw = torch.randn(1000, 5) * scale + offset
z = (raw - offset) / scale
target = 2 * z[:, 0] - z[:, 1] + torch.sin(2 * z[:, 2]) + 0.5 * z[:, 3] * z[:, 4]
target = target + 0.1 * torch.randn(1000)
outlier = torch.rand(1000) < 0.05
target = torch.where(outlier, target + 20 * torch.randn(1000), target)

x_train, y_train = raw[:800], target[:800]
x_test, y_test = raw[800:][~outlier[800:]], target[800:][~outlier[800:]]
mean, std = x_train.mean(0), x_train.std(0)
x_train = (x_train - mean) / std
x_test = (x_test - mean) / std

net = nn.Sequential(nn.Linear(5, 64), nn.Tanh(), nn.Dropout(0.02), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
criterion = nn.HuberLoss(delta=1.0)
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=12)


def test_error():
    net.eval()
    with torch.no_grad():
        err = (net(x_test).squeeze(1) - y_test).abs().mean().item()
    net.train()
    return err


first = test_error()
for epoch in range(12):
    order = torch.randperm(len(x_train))
    total = 0.0
    for idx in order.split(50):
        xb, yb = x_train[idx], y_train[idx]
        pred = net(xb).squeeze(1)
        loss = criterion(pred, yb)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
        total += loss.item()
    sched.step()
    print(f"{epoch:2d} train {total / 16:.4f} test mae {test_error():.4f}")

last = test_error()
assert last < 0.4 * first
print(f"OK {first:.4f} -> {last:.4f}")
