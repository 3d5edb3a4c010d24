import torch
import torch.nn as nn


class Experiment:
    """Train a small CNN."""

    def __init__(self, device="cpu"):
        self.device = device
        self.model = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, 4),
        ).to(device)
        self.opt = torch.optim.Adam(self.model.parameters(), 1e-3)
        self.loss = nn.CrossEntropyLoss()

    def data(self, n, shuffle):
        ds = torch.utils.data.TensorDataset(torch.randn(n, 1, 12, 12), torch.randint(0, 4, (n,)))
        return torch.utils.data.DataLoader(ds, 32, shuffle=shuffle)

    def run(self, epochs=5):
        train, valid = self.data(640, True), self.data(160, False)
        for e in range(epochs):
            self.model.train()
            for xb, yb in train:
                xb, yb = xb.to(self.device), yb.to(self.device)
                self.opt.zero_grad()
                self.loss(self.model(xb), yb).backward()
                self.opt.step()
            print(e, self.validate(valid))

    def validate(self, loader):
        correct, total = 0, 0
        with torch.no_grad():
            for xb, yb in loader:
                pred = self.model(xb.to(self.device)).argmax(1)  # FAULT
                correct += (pred.cpu() == yb).sum().item()
                total += len(yb)
        return correct / total


Experiment().run()
