"""Every eval_interval steps the trainer evaluates in eval mode in the middle of an epoch and goes on in eval mode (marked FAULT)."""
import torch
from torch import nn


class Trainer(object):
    def __init__(self, model, train_loader, valid_loader, eval_interval=10, max_steps=60):
        self.model = model
        self.train_loader = train_loader
        self.valid_loader = valid_loader
        self.eval_interval = eval_interval
        self.max_steps = max_steps
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=5e-3)
        self.criterion = nn.HuberLoss()
        self.global_step = 0

    def train_step(self, batch):
        x, y = batch
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        losses = [self.criterion(self.model(x), y).item() * len(x) for x, y in self.valid_loader]
        return sum(losses) / len(self.valid_loader.dataset)

    def train(self):
        self.model.train()
        while self.global_step < self.max_steps:
            for batch in self.train_loader:
                loss = self.train_step(batch)
                self.global_step += 1
                if self.global_step % self.eval_interval == 0:
                    valid_loss = self.evaluate()  # FAULT
                    print(f"step {self.global_step} train {loss:.4f} valid {valid_loss:.4f}")
                if self.global_step >= self.max_steps:
                    break


def toy(n):
    x = torch.randn(n, 9)
    return torch.utils.data.TensorDataset(x, (x[:, :3] * x[:, 3:6]).sum(1, keepdim=True))


if __name__ == "__main__":
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(9, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 1))
    Trainer(
        net,
        torch.utils.data.DataLoader(toy(600), batch_size=30, shuffle=True),
        torch.utils.data.DataLoader(toy(120), batch_size=60),
    ).train()
