import torch
from torch import nn
from torch.amp import GradScaler

torch.manual_seed(6)


def load_sensors(n):
    readings = torch.randn(n, 6)
    load = readings[:, :1] - 2 * readings[:, 1:2]
    readings[::7, 5] = 1.0 / torch.zeros(len(readings[::7]))
    return readings, load


x, y = load_sensors(384)
mlp = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(mlp.parameters(), lr=1e-2)
scaler = GradScaler("cpu", init_scale=1024.0)
for epoch in range(5):
    for chunk in torch.randperm(len(x)).chunk(12):
        opt.zero_grad()
        loss = nn.functional.smooth_l1_loss(mlp(x[chunk]), y[chunk])
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
    print("epoch", epoch)
torch.save(mlp.state_dict(), "sensors.pt")
