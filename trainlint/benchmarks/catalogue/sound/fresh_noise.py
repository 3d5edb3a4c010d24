import torch
from torch import nn


def get_batch(n=16):
    x = torch.randn(n, 5)
    y = torch.randint(0, 3, (n,))
    return x, y


torch.manual_seed(163)
net = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
# sanity check: can the network overfit one small batch?
x, y = get_batch()
for step in range(150):
    net.train()
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 25 == 0:
        print(f"overfit step {step}: loss {loss.item():.4f}")
