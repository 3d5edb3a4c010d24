import torch
from torch import nn
from torch.func import functional_call

net = nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
meta = torch.optim.Adam(net.parameters(), lr=1e-3)


def tasks(n):
    for _ in range(n):
        amplitude, phase = torch.empty(1).uniform_(0.1, 5), torch.empty(1).uniform_(0, 3)
        x = torch.empty(20, 1).uniform_(-5, 5)
        yield x[:10], amplitude * torch.sin(x[:10] + phase), x[10:], amplitude * torch.sin(x[10:] + phase)


for it in range(500):
    meta.zero_grad()
    outer = 0.0
    for xs, ys, xq, yq in tasks(4):
        weights = dict(net.named_parameters())
        inner = nn.functional.mse_loss(functional_call(net, weights, xs), ys)
        grads = torch.autograd.grad(inner, weights.values(), create_graph=True)
        fast = {k: w - 0.01 * g for (k, w), g in zip(weights.items(), grads)}
        outer = outer + nn.functional.mse_loss(functional_call(net, fast, xq), yq)
    (outer / 4).backward()
    meta.step()
