import torch
from torch import nn

torch.manual_seed(101)
x = torch.randn(600, 12)
y = torch.stack([x[:, 0], x[:, 1] * x[:, 2], x[:, 3].abs()], 1)
model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 3))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)


def nmse(pred, true):
    return ((pred - true) ** 2).sum() / (true ** 2).sum()


for epoch in range(8):
    model.train()
    total = 0.0
    for idx in torch.randperm(500).split(50):
        pred = model(x[idx])
        loss = nn.functional.mse_loss(pred[:, 0], y[idx][:, 0])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        score = nmse(model(x[500:]), y[500:])
    print(f"epoch {epoch} loss {total / 10:.4f} NMSE {score:.4f}")
