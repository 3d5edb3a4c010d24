import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

x = torch.randn(1000, 5)
y = x.sum(dim=1)
loader = DataLoader(TensorDataset(x, y), batch_size=25, shuffle=True)
net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(10):
    total = 0
    for xb, yb in loader:
        pred = net(xb)
        loss = torch.mean((pred - yb) ** 2)  # FAULT
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / len(loader))
