"""The cosine schedule is made and never stepped, so the rate stays at its start (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# %% data
X = torch.randn(512, 20)
w = torch.randn(20, 4)
y = (X @ w).argmax(1)
train_dl = DataLoader(TensorDataset(X[:400], y[:400]), batch_size=32, shuffle=True)
test_dl = DataLoader(TensorDataset(X[400:], y[400:]), batch_size=64)

# %% model
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 4))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)  # FAULT

# %% train
for epoch in range(10):
    net.train()
    total = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(xb)

    net.eval()
    hits = 0
    with torch.no_grad():
        for xb, yb in test_dl:
            hits += (net(xb).argmax(1) == yb).sum().item()
    print(f"epoch {epoch}: loss {total / 400:.4f} acc {hits / 112:.3f} lr {opt.param_groups[0]['lr']:.4f}")
