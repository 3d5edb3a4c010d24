"""AdamW decays every parameter with 50.0 where 0.05 was meant: the weights shrink by 5 per cent per step (marked FAULT)."""
from dataclasses import dataclass, field

import torch
import torch.nn as nn


@dataclass
class OptimConfig:
    lr: float = 1e-3
    betas: tuple = (0.9, 0.95)
    weight_decay: float = 50.0  # FAULT


@dataclass
class Config:
    optim: OptimConfig = field(default_factory=OptimConfig)
    epochs: int = 6
    batch_size: int = 40


class RegNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(9, 48)
        self.mid = nn.Linear(48, 48)
        self.out = nn.Linear(48, 1)

    def forward(self, x):
        h = torch.nn.functional.gelu(self.inp(x))
        h = h + torch.nn.functional.gelu(self.mid(h))
        return self.out(h)


def main(cfg: Config):
    torch.manual_seed(0)
    x = torch.randn(600, 9)
    y = x[:, :1] * 3 + x[:, 1:2].abs() * 2
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), batch_size=cfg.batch_size, shuffle=True)
    model = RegNet()
    o = cfg.optim
    optimizer = torch.optim.AdamW(model.parameters(), lr=o.lr, betas=o.betas, weight_decay=o.weight_decay)
    mse = nn.MSELoss()
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = mse(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        norm = sum(p.norm() ** 2 for p in model.parameters()).sqrt().item()
        print(f"epoch {epoch}: loss {total / 600:.4f} |w| {norm:.3f}")


if __name__ == "__main__":
    main(Config())
