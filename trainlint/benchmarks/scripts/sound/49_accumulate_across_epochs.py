"""Accumulation counted over the whole run: windows run on into the next epoch, sums are divided by the window's samples."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Accumulator:
    """backward() on summed losses; step() divides the gradients by the samples seen since the last step"""

    def __init__(self, optimizer, min_samples):
        self.optimizer, self.min_samples = optimizer, min_samples
        self.samples = self.updates = 0

    def backward(self, loss_sum, n):
        loss_sum.backward()
        self.samples += n
        if self.samples >= self.min_samples:
            self.flush()

    def flush(self):
        if not self.samples:
            return
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.div_(self.samples)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.updates += 1
        self.samples = 0


def main():
    torch.manual_seed(0)
    x = torch.randn(530, 8)
    y = x[:, :4].argmax(1)
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
    model = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    criterion = nn.CrossEntropyLoss(reduction="sum")
    acc = Accumulator(optimizer, min_samples=64)
    model.train()
    for epoch in range(8):
        total = 0.0
        for xb, yb in loader:
            loss = criterion(model(xb), yb)
            acc.backward(loss, len(xb))
            total += loss.item()
        print(f"epoch {epoch} loss {total / len(x):.4f} updates {acc.updates}")
    acc.flush()


if __name__ == "__main__":
    main()
