"""The schedule is tied to the first optimiser, which the second stage replaces (marked FAULT)."""
import torch
import torch.nn as nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import StepLR


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.head = nn.Linear(64, 3)

    def forward(self, x):
        return self.head(self.body(x))


def main():
    torch.manual_seed(0)
    x = torch.randn(480, 8)
    y = (x[:, 0] > 0).long() + (x[:, 1] * x[:, 2] > 0).long()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=40, shuffle=True)
    model = Model()
    criterion = nn.CrossEntropyLoss()

    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.3)  # FAULT

    # AdamW works better here
    optimizer = AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)

    for epoch in range(8):
        model.train()
        for xb, yb in loader:
            loss = criterion(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        print(f"epoch {epoch}: loss {loss.item():.4f} lr {optimizer.param_groups[0]['lr']:.5f}")


if __name__ == "__main__":
    main()
