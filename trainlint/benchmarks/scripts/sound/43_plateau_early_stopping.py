"""ReduceLROnPlateau is stepped with the validation loss, early stopping restores the best weights."""
import copy
import math

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset, random_split


class Monitor:
    def __init__(self, model, patience):
        self.model, self.patience = model, patience
        self.best, self.wait, self.weights = math.inf, 0, None

    def update(self, value):
        """True as long as the training should go on"""
        if value < self.best - 1e-4:
            self.best, self.wait = value, 0
            self.weights = copy.deepcopy(self.model.state_dict())
            return True
        self.wait += 1
        return self.wait < self.patience

    def restore(self):
        if self.weights is not None:
            self.model.load_state_dict(self.weights)


def loop(model, loader, loss_fn, opt=None):
    model.train(opt is not None)
    total = count = 0
    ctx = torch.enable_grad() if opt else torch.no_grad()
    with ctx:
        for x, y in loader:
            loss = loss_fn(model(x), y)
            if opt:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * y.shape[0]
            count += y.shape[0]
    return total / count


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.rand(600, 4)
    y = 3 * x[:, :1] - 2 * x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(600, 1)
    tr, va, te = random_split(TensorDataset(x, y), [400, 100, 100])
    train_dl, val_dl, test_dl = DataLoader(tr, 40, shuffle=True), DataLoader(va, 100), DataLoader(te, 100)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    opt = torch.optim.Adam(model.parameters(), lr=0.03)
    sched = ReduceLROnPlateau(opt, factor=0.3, patience=2)
    monitor, loss_fn = Monitor(model, patience=6), nn.MSELoss()
    for epoch in range(25):
        tl = loop(model, train_dl, loss_fn, opt)
        vl = loop(model, val_dl, loss_fn)
        sched.step(vl)
        if epoch % 4 == 0:
            print(f"{epoch:02d} train {tl:.4f} val {vl:.4f} lr {opt.param_groups[0]['lr']:.5f}")
        if not monitor.update(vl):
            print("early stop at", epoch)
            break
    monitor.restore()
    print("test", round(loop(model, test_dl, loss_fn), 4))
