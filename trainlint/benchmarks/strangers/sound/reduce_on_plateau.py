"""ReduceLROnPlateau driven by the validation loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(48)
W = torch.randn(15, 2)


def make(n):
    x = torch.randn(n, 15)
    return x, torch.sin(x @ W / 2) + 0.05 * torch.randn(n, 2)


x, y = make(800)
xv, yv = make(200)
net = nn.Sequential(nn.Linear(15, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.3, patience=1)


def validation_loss():
    with torch.no_grad():
        return F.mse_loss(net(xv), yv).item()


before = validation_loss()
for epoch in range(15):
    for i in torch.randperm(800).split(50):
        opt.zero_grad()
        loss = F.mse_loss(net(x[i]), y[i])
        loss.backward()
        opt.step()
    v = validation_loss()
    sched.step(v)
    print(f"epoch {epoch} val {v:.4f} lr {sched.get_last_lr()[0]:.5f}")
after = validation_loss()
assert after < 0.4 * before
print(f"OK {before:.4f} -> {after:.4f}")
