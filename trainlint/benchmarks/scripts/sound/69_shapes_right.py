import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Table(Dataset):
    def __init__(self, x, y):
        self.x = torch.as_tensor(x, dtype=torch.float32)
        self.y = torch.as_tensor(y, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Regressor(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(d, 64), nn.Linear(64, 64)])
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.out(x)[:, 0]


x = np.random.randn(3000, 8)
y = x.sum(1) + np.random.randn(3000)
cut = 2500
train, val = Table(x[:cut], y[:cut]), Table(x[cut:], y[cut:])
model = Regressor(8)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
mse = nn.MSELoss()
for epoch in range(10):
    model.train()
    for xb, yb in DataLoader(train, batch_size=100, shuffle=True):
        optimizer.zero_grad()
        mse(model(xb), yb).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, np.mean([mse(model(xb), yb).item() for xb, yb in DataLoader(val, batch_size=250)]))
