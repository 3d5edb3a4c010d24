"""Layers made with setattr and ModuleDict, called through getattr, names and iteration, some shared between branches."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Dynamic(nn.Module):
    def __init__(self, in_dims, width=24, depth=3, out=3):
        super().__init__()
        self.depth = depth
        self.inputs = nn.ModuleDict({name: nn.Linear(d, width) for name, d in in_dims.items()})
        for i in range(depth):
            setattr(self, f"fc{i}", nn.Linear(width, width))
            self.add_module(f"norm{i}", nn.LayerNorm(width))
        self.gate = nn.Parameter(torch.zeros(depth))
        self.acts = nn.ModuleList([nn.ReLU(), nn.GELU(), nn.SiLU()])
        self.out = nn.utils.parametrizations.weight_norm(nn.Linear(width, out))
        self.skip_proj = nn.Linear(width, width, bias=False)

    def forward(self, batch):
        x = sum(layer(batch[name]) for name, layer in self.inputs.items())
        for i in range(self.depth):
            h = getattr(self, f"norm{i}")(x)
            h = self.acts[i % len(self.acts)](getattr(self, "fc%d" % i)(h))
            # functional use of a module's weight
            x = F.linear(x, self.skip_proj.weight) + torch.sigmoid(self.gate[i]) * h
        return self.out(x)


def loader(n, bs):
    a, b = torch.randn(n, 5), torch.randn(n, 4)
    y = torch.stack([a[:, 0] + b[:, 0], a[:, 1] - b[:, 1], a[:, 2] * 1.5], 1).argmax(1)
    for idx in torch.randperm(n).split(bs):
        yield {"a": a[idx], "b": b[idx]}, y[idx]


torch.manual_seed(0)
net = Dynamic({"a": 5, "b": 4})
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
net.train()
for epoch in range(8):
    tot = n = 0
    for batch, y in loader(500, 50):
        loss = F.cross_entropy(net(batch), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot, n = tot + loss.item() * len(y), n + len(y)
    print(epoch, round(tot / n, 4))
