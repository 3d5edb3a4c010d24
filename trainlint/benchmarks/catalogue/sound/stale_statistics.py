import torch
from torch import nn

torch.manual_seed(283)
BN_MOMENTUM = 0.1
net = nn.Sequential(
    nn.Linear(10, 32), nn.BatchNorm1d(32, momentum=BN_MOMENTUM), nn.ReLU(),
    nn.Linear(32, 32), nn.BatchNorm1d(32, momentum=BN_MOMENTUM), nn.ReLU(), nn.Linear(32, 1),
)
x = torch.randn(700, 10) * 3 + 2
y = (x[:, :1] - 2) / 3 + ((x[:, 1:2] - 2) / 3) ** 2
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(8):
    net.train()
    tr = 0.0
    for idx in torch.randperm(600).split(60):
        loss = nn.functional.mse_loss(net(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tr += loss.item()
    net.eval()
    with torch.no_grad():
        va = nn.functional.mse_loss(net(x[600:]), y[600:]).item()
    print(f"epoch {epoch}: train {tr / 10:.4f} val {va:.4f}")
