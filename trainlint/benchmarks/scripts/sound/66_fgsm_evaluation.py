import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def attack(model, x, y, eps):
    x = x.clone().requires_grad_(True)
    loss = F.cross_entropy(model(x), y)
    (grad,) = torch.autograd.grad(loss, x)
    return (x + eps * grad.sign()).detach()


def robust_accuracy(model, loader, eps=0.1):
    model.eval()
    hits = 0
    for x, y in loader:
        adv = attack(model, x, y, eps)
        with torch.no_grad():
            hits += (model(adv).argmax(1) == y).sum().item()
    model.train()
    return hits / len(loader.dataset)


x = torch.randn(1200, 16)
y = (x[:, 0] > 0).long()
train_dl = DataLoader(TensorDataset(x[:1000], y[:1000]), batch_size=50, shuffle=True)
test_dl = DataLoader(TensorDataset(x[1000:], y[1000:]), batch_size=50)
net = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(5):
    for xb, yb in train_dl:
        opt.zero_grad()
        F.cross_entropy(net(attack(net, xb, yb, 0.05)), yb).backward()
        opt.step()
    print(epoch, robust_accuracy(net, test_dl))
