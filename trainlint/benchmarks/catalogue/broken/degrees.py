import torch
from torch import nn

torch.manual_seed(167)
bearing_deg = torch.rand(600) * 360 - 180
speed = 1 + torch.rand(600)
obs = torch.stack([speed * torch.cos(torch.deg2rad(bearing_deg)), speed * torch.sin(torch.deg2rad(bearing_deg))], 1)
obs = obs + 0.02 * torch.randn_like(obs)


def angular_loss(pred_xy, bearing):
    true_xy = torch.stack([torch.cos(bearing), torch.sin(bearing)], 1)
    return (nn.functional.normalize(pred_xy, dim=1) - true_xy).pow(2).sum(1).mean()


compass = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(compass.parameters(), lr=3e-3)
for epoch in range(10):
    total = 0.0
    for idx in torch.randperm(600).split(50):
        loss = angular_loss(compass(obs[idx]), bearing_deg[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / 12:.4f}")
