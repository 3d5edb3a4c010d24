import dataclasses
import torch
from torch import nn
from torch.optim import lr_scheduler


@dataclasses.dataclass
class Config:
    lr: float = 3e-4
    epochs: int = 20
    schedule: str = "cosine"
    batch_size: int = 64


def make_schedule(cfg, optimizer):
    if cfg.schedule == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=cfg.epochs)
    return lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)


class Trainer:
    def __init__(self, cfg, model, train_loader, val_loader):
        self.cfg = cfg
        self.model = model
        self.train_loader, self.val_loader = train_loader, val_loader
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
        self.sched = make_schedule(cfg, self.optimizer)  # FAULT
        self.criterion = nn.CrossEntropyLoss()

    def fit(self):
        for epoch in range(self.cfg.epochs):
            self.model.train()
            for images, labels in self.train_loader:
                self.optimizer.zero_grad(set_to_none=True)
                loss = self.criterion(self.model(images), labels)
                loss.backward()
                self.optimizer.step()
            print(epoch, self.evaluate(), self.optimizer.param_groups[0]["lr"])

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        hits = sum((self.model(x).argmax(-1) == y).sum().item() for x, y in self.val_loader)
        return hits / len(self.val_loader.dataset)


def main():
    cfg = Config()
    data = torch.utils.data.TensorDataset(torch.randn(512, 32), torch.randint(0, 10, (512,)))
    train, val = torch.utils.data.random_split(data, [400, 112])
    loaders = [torch.utils.data.DataLoader(d, batch_size=cfg.batch_size, shuffle=d is train) for d in (train, val)]
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    Trainer(cfg, model, *loaders).fit()


if __name__ == "__main__":
    main()
