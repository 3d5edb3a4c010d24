"""37 batches in windows of 5: the gradient of the last two is cleared at the next epoch's start (marked FAULT)."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class AccumTrainer:
    def __init__(self, net, loader, accumulate=5, lr=1e-2):
        self.net = net
        self.loader = loader
        self.accumulate = accumulate
        self.optim = torch.optim.Adam(net.parameters(), lr=lr)
        self.loss_fn = nn.BCEWithLogitsLoss()

    def run_epoch(self):
        self.net.train()
        self.optim.zero_grad()
        seen, total = 0, 0.0
        for n, (x, y) in enumerate(self.loader, start=1):
            loss = self.loss_fn(self.net(x).squeeze(1), y)
            (loss / self.accumulate).backward()
            total += loss.item() * len(x)
            seen += len(x)
            if n % self.accumulate == 0:  # FAULT
                self.optim.step()
                self.optim.zero_grad()
        return total / seen


def main():
    torch.manual_seed(9)
    x = torch.randn(37 * 8, 6)
    y = ((x ** 2).sum(1) > 5.5).float()
    loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
    net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    trainer = AccumTrainer(net, loader)
    for epoch in range(6):
        print("epoch", epoch, f"{trainer.run_epoch():.4f}")


main()
