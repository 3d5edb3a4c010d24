import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(149)
n = 800
income = 30_000 + 800_000 * torch.rand(n)
age = 18 + 60 * torch.rand(n)
rate = 0.001 + 0.01 * torch.rand(n)
table = torch.stack([income, age, rate], 1)
default = (rate / rate.mean() + age.reciprocal() * 40 > 2.0).float()
x = (table - table.mean(0)) / table.std(0)
net = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
loader = DataLoader(TensorDataset(x, default), batch_size=40, shuffle=True)
for epoch in range(10):
    total, hits = 0.0, 0
    for a, b in loader:
        logit = net(a).squeeze(-1)
        loss = nn.functional.binary_cross_entropy_with_logits(logit, b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        hits += ((logit > 0).float() == b).sum().item()
    print(f"epoch {epoch}: loss {total / len(loader):.4f} acc {hits / n:.3f}")
