"""The gradients are never cleared and pile up over the whole run (marked FAULT)."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, xy):
        return self.layers(xy)


def two_moons(n, noise=0.1):
    t = torch.rand(n) * torch.pi
    lab = torch.arange(n) % 2
    x = torch.where(lab == 0, torch.cos(t), 1 - torch.cos(t))
    y = torch.where(lab == 0, torch.sin(t), 0.5 - torch.sin(t))
    return torch.stack([x, y], 1) + noise * torch.randn(n, 2), lab


def fit(model, data, labels, epochs=6, batch_size=50, lr=0.05):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(data))
        for start in range(0, len(data), batch_size):
            sel = order[start:start + batch_size]
            loss = loss_fn(model(data[sel]), labels[sel])
            loss.backward()  # FAULT
            optimizer.step()
        model.eval()
        with torch.no_grad():
            acc = (model(data).argmax(1) == labels).float().mean().item()
        print(f"epoch {epoch}: last loss {loss.item():.4f}, acc {acc:.3f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    fit(Net(), *two_moons(500))
