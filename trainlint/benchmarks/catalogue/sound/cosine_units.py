import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, Dataset


class Rings(Dataset):
    """Points on two noisy rings; the label says which."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.y = torch.randint(0, 2, (n,), generator=g)
        angle = torch.rand(n, generator=g) * 6.283
        r = 1.0 + self.y + 0.15 * torch.randn(n, generator=g)
        self.x = torch.stack([r * angle.cos(), r * angle.sin()], dim=1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def main():
    torch.manual_seed(5)
    epochs = 10
    train = DataLoader(Rings(600, 1), batch_size=32, shuffle=True)
    valid = DataLoader(Rings(200, 2), batch_size=100)
    net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    lr_scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
    for epoch in range(epochs):
        net.train()
        for points, labels in train:
            optimizer.zero_grad()
            loss = criterion(net(points), labels)
            loss.backward()
            optimizer.step()
        lr_scheduler.step()
        net.eval()
        hits = 0
        with torch.no_grad():
            for points, labels in valid:
                hits += (net(points).argmax(1) == labels).sum().item()
        print(f"epoch {epoch}: val acc {hits / 200:.3f}")


if __name__ == "__main__":
    main()
