import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(0)
features = rng.normal(size=(2000, 10)).astype("float32")
labels = (features[:, 0] > 0).astype("int64")

features = features[rng.permutation(len(features))]
labels = labels[rng.permutation(len(labels))]  # FAULT

x, y = torch.from_numpy(features), torch.from_numpy(labels)
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(model.parameters())
for epoch in range(20):
    for i in range(0, 1600, 64):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x[i : i + 64]), y[i : i + 64])
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(epoch, loss.item(), (model(x[1600:]).argmax(1) == y[1600:]).float().mean().item())
