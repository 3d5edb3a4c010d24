import copy

import torch
from torch import nn

torch.manual_seed(29)
x = torch.randn(600, 5)
y = (x[:, :1] * x[:, 1:2]) + 0.05 * torch.randn(600, 1)
xv, yv = x[500:], y[500:]
x, y = x[:500], y[:500]

model = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
ema = {k: v.clone() for k, v in model.state_dict().items()}


def update_ema(decay=0.98):
    for k, v in model.state_dict().items():
        ema[k].mul_(decay).add_(v, alpha=1 - decay)


for epoch in range(8):
    model.train()
    for idx in torch.randperm(500).split(50):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x[idx]), y[idx]).backward()
        optimizer.step()
        update_ema()
    backup = copy.deepcopy(model.state_dict())
    model.load_state_dict(ema)
    model.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(xv), yv).item()
    print(f"epoch {epoch}: val (ema) {val:.4f}")
