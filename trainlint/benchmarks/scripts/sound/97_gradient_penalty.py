import torch
from torch import nn

d = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
g = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
od, og = torch.optim.Adam(d.parameters(), 1e-4, (0, 0.9)), torch.optim.Adam(g.parameters(), 1e-4, (0, 0.9))


def penalty(real, fake):
    t = torch.rand(len(real), 1)
    mix = (t * real + (1 - t) * fake).requires_grad_(True)
    (grad,) = torch.autograd.grad(d(mix).sum(), mix, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


for step in range(1000):
    for _ in range(5):
        real = torch.randn(64, 2) + 3
        with torch.no_grad():
            fake = g(torch.randn(64, 4))
        loss_d = d(fake).mean() - d(real).mean() + 10 * penalty(real, fake)
        od.zero_grad()
        loss_d.backward()
        od.step()
    loss_g = -d(g(torch.randn(64, 4))).mean()
    og.zero_grad()
    loss_g.backward()
    og.step()
