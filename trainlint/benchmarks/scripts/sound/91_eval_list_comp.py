import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

x = torch.randn(900, 12)
y = x.argmax(1)
train_dl = DataLoader(TensorDataset(x[:800], y[:800]), 40, shuffle=True)
val_dl = DataLoader(TensorDataset(x[800:], y[800:]), 50)
net = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 12))
opt = torch.optim.Adam(net.parameters(), 1e-3)
step = lambda xb, yb: (opt.zero_grad(), nn.functional.cross_entropy(net(xb), yb).backward(), opt.step())
for epoch in range(5):
    net.train()
    [step(xb, yb) for xb, yb in train_dl]
    net.eval()
    with torch.inference_mode():
        acc = sum([(net(xb).argmax(1) == yb).sum().item() for xb, yb in val_dl]) / 100
    print(epoch, acc)
