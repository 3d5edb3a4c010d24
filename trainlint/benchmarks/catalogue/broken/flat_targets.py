import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Houses(Dataset):
    def __init__(self, n=600):
        g = torch.Generator().manual_seed(103)
        self.area = torch.randn(n, generator=g)
        self.rooms = torch.randn(n, generator=g)
        self.price = 2 * self.area + 0.5 * self.rooms + 0.1 * torch.randn(n, generator=g)

    def __len__(self):
        return len(self.price)

    def __getitem__(self, k):
        return torch.stack([self.area[k], self.rooms[k]]), self.price[k]


torch.manual_seed(0)
loader = DataLoader(Houses(), batch_size=30, shuffle=True)
regressor = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(regressor.parameters(), lr=1e-2)
for epoch in range(8):
    total = 0.0
    for feats, price in loader:
        pred = regressor(feats)
        loss = ((pred - price) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch + 1}: {total / len(loader):.4f}")
