import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(10)


class DistanceNet(nn.Module):
    """Embeds two views and regresses their distance."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 8))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, a, b):
        za, zb = self.embed(a), self.embed(b)
        return self.scale * ((za - zb) ** 2).sum(-1).sqrt()


left = torch.randn(600, 10)
right = left + 0.3 * torch.randn(600, 10)
right[::20] = left[::20]
dist = (left - right)[:, :3].norm(dim=1)
net = DistanceNet()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    total = 0.0
    for rows in torch.randperm(600).split(60):
        loss = F.l1_loss(net(left[rows], right[rows]), dist[rows])
        optimizer.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.grad = torch.nan_to_num(p.grad, nan=0.0, posinf=1.0, neginf=-1.0)
        optimizer.step()
        total += loss.item()
    print(f"{epoch}: {total / 10:.4f}")
