"""The wrapper's train(mode) override passes True on, so eval() leaves batch norm in training mode (marked FAULT)."""
import torch
import torch.nn as nn


class Segmentor(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(),
        )
        self.classifier = nn.Conv2d(c, 2, 1)

    def forward(self, x):
        return self.classifier(self.backbone(x))


class ModelWithNormalizer(nn.Module):
    """normalises the input, then calls the wrapped model"""

    def __init__(self, model, mean, std):
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, x):
        return self.model((x - self.mean) / self.std)

    def train(self, mode=True):
        self.training = mode
        self.model.train(True)  # FAULT
        return self


def data(n, size=8):
    x = torch.rand(n, 3, size, size)
    return torch.utils.data.TensorDataset(x, (x[:, 0] > x[:, 1]).long())


def pixel_accuracy(model, loader):
    model.eval()
    ok = tot = 0
    with torch.no_grad():
        for x, m in loader:
            ok += (model(x).argmax(1) == m).sum().item()
            tot += m.numel()
    return ok / tot


def main():
    torch.manual_seed(0)
    train_loader = torch.utils.data.DataLoader(data(200), batch_size=20, shuffle=True)
    val_loader = torch.utils.data.DataLoader(data(40), batch_size=1)
    model = ModelWithNormalizer(Segmentor(), mean=[0.5] * 3, std=[0.29] * 3)
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    ce = nn.CrossEntropyLoss()
    for epoch in range(4):
        model.train()
        for x, m in train_loader:
            opt.zero_grad()
            loss = ce(model(x), m)
            loss.backward()
            opt.step()
        print(f"epoch {epoch} loss {loss.item():.3f} val pixel acc {pixel_accuracy(model, val_loader):.3f}")


if __name__ == "__main__":
    main()
