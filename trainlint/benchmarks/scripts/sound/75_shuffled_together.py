import numpy as np
import torch
from torch import nn

rng = np.random.RandomState(7)
X = rng.randn(3000, 6).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2]).astype(np.float32)
perm = rng.permutation(len(X))
X, Y = X[perm], Y[perm]
split = 2400
xt, yt = torch.tensor(X[:split]), torch.tensor(Y[:split])
xv, yv = torch.tensor(X[split:]), torch.tensor(Y[split:])
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(40):
    order = torch.randperm(split)
    for start in range(0, split, 60):
        idx = order[start : start + 60]
        opt.zero_grad()
        loss = nn.MSELoss()(net(xt[idx]), yt[idx])
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(epoch, nn.MSELoss()(net(xv), yv).item())
