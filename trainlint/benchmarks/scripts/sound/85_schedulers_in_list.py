import torch
from torch import nn

net = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.Linear(4, 2)})
opts = [torch.optim.Adam(m.parameters(), 1e-3) for m in net.values()]
scheds = [torch.optim.lr_scheduler.ExponentialLR(o, 0.99) for o in opts]
for epoch in range(50):
    for _ in range(20):
        x = torch.randn(16, 4)
        loss = nn.functional.cross_entropy(net["b"](net["a"](x).relu()), (x[:, 0] > 0).long())
        for o in opts:
            o.zero_grad()
        loss.backward()
        for o in opts:
            o.step()
    for s in scheds:
        s.step()
