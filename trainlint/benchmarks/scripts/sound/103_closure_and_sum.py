import torch
from torch import nn


def pinn():
    net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    opt = torch.optim.LBFGS(net.parameters(), max_iter=20, line_search_fn="strong_wolfe")
    x = torch.linspace(0, 1, 100).view(-1, 1).requires_grad_(True)

    def closure():
        opt.zero_grad()
        u = net(x)
        (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        loss = (du + u).pow(2).mean() + (net(torch.zeros(1, 1)) - 1).pow(2).sum()
        loss.backward()
        return loss

    for it in range(50):
        loss = opt.step(closure)
    return net


pinn()
