"""Stochastic weight averaging with AveragedModel, SWALR and update_bn."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)
c = torch.randn(8, 24)


def make(n):
    y = torch.randint(8, (n,))
    return c[y] + 1.1 * torch.randn(n, 24), y


train = DataLoader(TensorDataset(*make(800)), batch_size=40, shuffle=True)
xt, yt = make(500)
model = nn.Sequential(nn.Linear(24, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 8))
swa_model = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
swa_scheduler = SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
SWA_START = 5


def evaluate(net):
    net.eval()
    with torch.no_grad():
        return F.cross_entropy(net(xt), yt).item()


before = evaluate(model)
for epoch in range(10):
    model.train()
    for x, y in train:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y, label_smoothing=0.05)
        loss.backward()
        optimizer.step()
    if epoch >= SWA_START:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    print(f"epoch {epoch} lr {optimizer.param_groups[0]['lr']:.4f} test {evaluate(model):.4f}")
update_bn(train, swa_model)
after = evaluate(swa_model)
assert after < 0.4 * before
print(f"OK {before:.4f} -> {after:.4f}")
