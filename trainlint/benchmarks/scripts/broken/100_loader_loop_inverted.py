import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Rows(Dataset):
    def __init__(self, n):
        self.x = torch.linspace(-3, 3, n)[:, None]
        self.y = torch.sin(self.x)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def get_loaders(batch_size=32):
    train, test = Rows(1000), Rows(200)
    return DataLoader(train, batch_size), DataLoader(test, batch_size, shuffle=True)  # FAULT


train_loader, test_loader = get_loaders()
net = nn.Sequential(nn.Linear(1, 50), nn.Tanh(), nn.Linear(50, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(20):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
