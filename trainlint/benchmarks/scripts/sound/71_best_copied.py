import copy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Keeper:
    def __init__(self, patience):
        self.patience = patience
        self.best, self.bad, self.weights = float("inf"), 0, None

    def update(self, loss, model):
        if loss < self.best:
            self.best, self.bad = loss, 0
            self.weights = {k: v.detach().clone() for k, v in model.state_dict().items()}
        else:
            self.bad += 1
        return self.bad < self.patience


def loaders():
    x = torch.randn(700, 4)
    y = (x ** 2).sum(1, keepdim=True)
    return DataLoader(TensorDataset(x[:600], y[:600]), 30, shuffle=True), DataLoader(TensorDataset(x[600:], y[600:]), 100)


train_dl, val_dl = loaders()
net = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 1))
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.3, patience=4)
keeper, going, epoch = Keeper(12), True, 0
start = copy.deepcopy(net.state_dict())
while going and epoch < 300:
    net.train()
    for xb, yb in train_dl:
        loss = nn.functional.huber_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = sum(nn.functional.huber_loss(net(xb), yb, reduction="sum").item() for xb, yb in val_dl) / 100
    plateau.step(val)
    going = keeper.update(val, net)
    epoch += 1
net.load_state_dict(keeper.weights)
