import torch
from torch import nn


def accuracy(net, loader):
    net.eval()
    n = ok = 0
    with torch.inference_mode():
        for x, y in loader:
            ok += int((net(x).argmax(1) == y).sum())
            n += len(y)
    return ok / n


def fit(net, train_loader, valid_loader, epochs=10, lr=1e-3):
    opt = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=0.01)
    net.train()
    for epoch in range(epochs):
        for x, y in train_loader:  # FAULT
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
        print(f"[{epoch}] loss {loss.item():.3f} acc {accuracy(net, valid_loader):.3f}")


if __name__ == "__main__":
    net = nn.Sequential(nn.Linear(24, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 4))
    data = torch.utils.data.TensorDataset(torch.randn(800, 24), torch.randint(0, 4, (800,)))
    a, b = torch.utils.data.random_split(data, [600, 200])
    fit(net, torch.utils.data.DataLoader(a, 60, shuffle=True), torch.utils.data.DataLoader(b, 100))
