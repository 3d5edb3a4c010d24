"""Two-headed network for valve telemetry: pressure always, leak rate only when the sensor is online."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(512, 8)
pressure = x @ torch.randn(8, 1) + 0.05 * torch.randn(512, 1)
leak = torch.tanh(x[:, :1] * 2)
online = torch.rand(512, 1) < 0.01


class Valve(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.pressure = nn.Linear(32, 1)
        self.leak = nn.Linear(32, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.pressure(h), self.leak(h)


net = Valve()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(6):
    running = 0.0
    order = torch.randperm(512)
    for i in range(0, 512, 32):
        idx = order[i : i + 32]
        p, l = net(x[idx])
        mask = online[idx].float()
        loss = ((p - pressure[idx]) ** 2).mean() + (mask * (l - leak[idx]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        norms = [q.grad.norm() for q in net.parameters()]
        if any(not torch.isfinite(n) for n in norms):
            continue
        opt.step()
        running += loss.item() * len(idx)
    print(f"epoch {epoch} loss {running / 512:.4f}")
