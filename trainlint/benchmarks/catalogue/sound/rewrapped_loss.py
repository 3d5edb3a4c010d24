import torch
from torch import nn

torch.manual_seed(41)
x = torch.randn(256, 7)
y = x.abs().sum(1, keepdim=True) / 7
model = nn.Sequential(nn.Linear(7, 20), nn.ReLU(), nn.Linear(20, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(6):
    run = 0.0
    for idx in torch.randperm(256).split(32):
        per_sample = [nn.functional.mse_loss(model(x[i : i + 1]), y[i : i + 1]) for i in idx.tolist()]
        loss = torch.stack(per_sample).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item()
    print(f"{epoch}: {run / 8:.4f}")
