"""Mixture of experts with top-2 routing and a load-balancing loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(35)


class MoE(nn.Module):
    def __init__(self, d, hidden, experts=4, k=2):
        super().__init__()
        self.gate = nn.Linear(d, experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Linear(hidden, d)) for _ in range(experts))
        self.k = k

    def forward(self, x):
        probs = self.gate(x).softmax(-1)
        weight, index = probs.topk(self.k, dim=-1)
        weight = weight / weight.sum(-1, keepdim=True)
        out = torch.zeros_like(x)
        for e, expert in enumerate(self.experts):
            row, slot = (index == e).nonzero(as_tuple=True)
            if len(row) == 0:
                continue
            out = out.index_add(0, row, weight[row, slot, None] * expert(x[row]))
        load = F.one_hot(index[:, 0], len(self.experts)).float().mean(0)
        aux = len(self.experts) * (load * probs.mean(0)).sum()
        return out, aux


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.moe = MoE(16, 24)
        self.out = nn.Linear(16, 1)

    def forward(self, x):
        h = self.embed(x)
        y, aux = self.moe(h)
        return self.out(h + y).squeeze(-1), aux


def f(x):
    regime = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    options = torch.stack([x[:, 2], -2 * x[:, 3], torch.sin(3 * x[:, 4]), x[:, 2] * x[:, 5]], 1)
    return options.gather(1, regime[:, None]).squeeze(1)


x_val = torch.randn(500, 6)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
before = F.mse_loss(net(x_val)[0], f(x_val)).item()
for step in range(300):
    x = torch.randn(128, 6)
    pred, aux = net(x)
    loss = F.mse_loss(pred, f(x)) + 0.01 * aux
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 0:
        print(f"step {step} loss {loss.item():.3f} aux {aux.item():.3f}")
after = F.mse_loss(net(x_val)[0], f(x_val)).item()
assert after < 0.5 * before
print(f"OK {before:.3f} -> {after:.3f}")
