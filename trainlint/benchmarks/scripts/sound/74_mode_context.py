import contextlib
import torch
from torch import nn


@contextlib.contextmanager
def evaluating(module):
    was = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield module
    finally:
        module.train(was)


def score(net, batches):
    with evaluating(net):
        return sum((net(x).argmax(-1) == y).float().mean().item() for x, y in batches) / len(batches)


net = nn.Sequential(nn.Linear(12, 48), nn.Dropout(0.2), nn.ReLU(), nn.Linear(48, 3))
opt = torch.optim.Adam(net.parameters(), 1e-3)
data = [(torch.randn(32, 12), torch.randint(0, 3, (32,))) for _ in range(60)]
train, held_out = data[:50], data[50:]
for epoch in range(5):
    for i in torch.randperm(len(train)).tolist():
        x, y = train[i]
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        if i == 0:
            print(epoch, score(net, held_out))
