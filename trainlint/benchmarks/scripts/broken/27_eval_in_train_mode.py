"""The evaluation never calls model.eval(), so dropout and batch norm stay in training mode (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def conv_block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))


class CIFARNet(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.block1 = conv_block(3, 8)
        self.block2 = conv_block(8, 16)
        self.drop = nn.Dropout(0.4)
        self.fc = nn.Linear(16 * 2 * 2, num_classes)

    def forward(self, x):
        x = self.block2(self.block1(x))
        return self.fc(self.drop(x.flatten(1)))


def fake_cifar(n):
    y = torch.randint(0, 3, (n,))
    x = torch.randn(n, 3, 8, 8)
    x[torch.arange(n), y] += 0.7
    return TensorDataset(x, y)


def accuracy(model, loader, device):
    correct = total = 0
    with torch.no_grad():
        for x, y in loader:  # FAULT
            scores = model(x.to(device))
            correct += (scores.argmax(dim=1) == y.to(device)).sum().item()
            total += y.numel()
    return correct / total


def main():
    torch.manual_seed(0)
    device = torch.device("cpu")
    train_dl = DataLoader(fake_cifar(480), batch_size=32, shuffle=True)
    val_dl = DataLoader(fake_cifar(96), batch_size=32)
    model = CIFARNet().to(device)
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(3):
        model.train()
        for x, y in train_dl:
            loss = loss_fn(model(x.to(device)), y.to(device))
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(f"epoch {epoch}  val acc {accuracy(model, val_dl, device):.3f}")


if __name__ == "__main__":
    main()
