import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Data:
    def __init__(self):
        x = torch.randn(500, 4)
        self.train = TensorDataset(x[:400], x[:400].sum(1, keepdim=True))
        self.val = TensorDataset(x[400:], x[400:].sum(1, keepdim=True))

    def train_dataloader(self):
        return DataLoader(self.train, 40, shuffle=True)

    def train_eval_dataloader(self):
        return DataLoader(self.train, 200)

    def val_dataloader(self):
        return DataLoader(self.val, 100)


def score(net, loader):
    net.eval()
    with torch.no_grad():
        return sum(nn.functional.mse_loss(net(x), y).item() for x, y in loader) / len(loader)


data, net = Data(), nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters(), 1e-2)
for epoch in range(5):
    net.train()
    for x, y in data.train_dataloader():
        opt.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        opt.step()
    print(epoch, score(net, data.train_eval_dataloader()), score(net, data.val_dataloader()))
