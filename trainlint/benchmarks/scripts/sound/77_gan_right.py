import torch
from torch import nn


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, z):
        return self.main(z)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))

    def forward(self, x):
        return self.main(x).view(-1)


g, d = G(), D()
og, od = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.999)), torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
for it in range(2000):
    real = torch.randn(64, 2) * 0.5 + 2
    fake = g(torch.randn(64, 8))
    od.zero_grad()
    errD = bce(d(real), torch.ones(64)) + bce(d(fake.detach()), torch.zeros(64))
    errD.backward()
    od.step()
    og.zero_grad()
    errG = bce(d(fake), torch.ones(64))
    errG.backward()
    og.step()
