import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        for _ in range(self.n):
            x = torch.randn(5)
            yield x, x.sum()


net = nn.Linear(5, 1)
opt = torch.optim.SGD(net.parameters(), 1e-2)
for epoch in range(3):
    for x, y in DataLoader(Stream(1000), batch_size=20):
        opt.zero_grad()
        nn.functional.mse_loss(net(x).squeeze(-1), y).backward()
        opt.step()
