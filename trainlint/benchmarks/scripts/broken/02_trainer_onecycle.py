"""The Trainer builds a OneCycleLR in its constructor and no method ever steps it (marked FAULT)."""
from dataclasses import dataclass

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset


@dataclass
class TrainConfig:
    epochs: int = 5
    batch_size: int = 32
    max_lr: float = 3e-3
    weight_decay: float = 1e-2
    grad_clip: float = 1.0


class SineDataset(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.x = torch.rand(n, 1, generator=g) * 6 - 3
        self.y = torch.sin(self.x) + 0.05 * torch.randn(n, 1, generator=g)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Trainer:
    def __init__(self, model, train_set, val_set, cfg):
        self.model = model
        self.cfg = cfg
        self.train_loader = DataLoader(train_set, cfg.batch_size, shuffle=True)
        self.val_loader = DataLoader(val_set, cfg.batch_size)
        self.criterion = nn.MSELoss()
        self.optimizer = optim.AdamW(model.parameters(), lr=cfg.max_lr, weight_decay=cfg.weight_decay)
        self.scheduler = optim.lr_scheduler.OneCycleLR(  # FAULT
            self.optimizer,
            max_lr=cfg.max_lr,
            total_steps=cfg.epochs * len(self.train_loader),
        )

    def train_epoch(self):
        self.model.train()
        total, count = 0.0, 0
        for x, y in self.train_loader:
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.criterion(self.model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.grad_clip)
            self.optimizer.step()
            total += loss.item() * x.size(0)
            count += x.size(0)
        return total / count

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        total, count = 0.0, 0
        for x, y in self.val_loader:
            total += self.criterion(self.model(x), y).item() * x.size(0)
            count += x.size(0)
        return total / count

    def fit(self):
        for epoch in range(self.cfg.epochs):
            tr = self.train_epoch()
            va = self.validate()
            print(f"[{epoch + 1}/{self.cfg.epochs}] train={tr:.4f} val={va:.4f}")


def main():
    torch.manual_seed(1337)
    model = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    Trainer(model, SineDataset(1000, 0), SineDataset(200, 1), TrainConfig()).fit()


if __name__ == "__main__":
    main()
