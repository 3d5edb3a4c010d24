"""The trunk is frozen for the first two epochs and never unfrozen (marked FAULT)."""
from types import SimpleNamespace

import torch
import torch.nn as nn

cfg = SimpleNamespace(freeze_epochs=2, epochs=6, lr=0.02, bs=32, width=48)


class TwoPart(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        return self.head(self.trunk(x))


def set_trainable(module, flag):
    for p in module.parameters():
        p.requires_grad_(flag)


def main():
    torch.manual_seed(0)
    x = torch.randn(640, 10)
    y = 2 * (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] + x[:, 3] > 0).long()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=cfg.bs, shuffle=True)
    model = TwoPart(cfg.width)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(cfg.epochs):
        # stage 1: head only, stage 2: everything
        if epoch < cfg.freeze_epochs:
            set_trainable(model.trunk, False)  # FAULT
        model.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        stage = "head" if epoch < cfg.freeze_epochs else "all"
        print(f"epoch {epoch} [{stage}] loss {total / len(x):.4f}")


if __name__ == "__main__":
    main()
