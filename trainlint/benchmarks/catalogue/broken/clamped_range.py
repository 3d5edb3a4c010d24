import torch
from torch import nn

torch.manual_seed(151)


class RangeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, x):
        return self.net(x).clamp(0.5, 10.0)


x = torch.randn(600, 8)
metres = 0.7 + 4 * torch.sigmoid(x[:, :1] + x[:, 1:2])
model = RangeNet()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(600).split(60):
        loss = nn.functional.mse_loss(model(x[idx]), metres[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}: mse {total / 10:.4f}")
