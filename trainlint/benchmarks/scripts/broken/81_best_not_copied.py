import torch
from torch import nn


class EarlyStopping:
    def __init__(self, patience=5):
        self.patience, self.wait = patience, 0
        self.best = float("inf")
        self.state = None

    def __call__(self, value, model):
        if value < self.best:
            self.best, self.wait = value, 0
            self.state = model.state_dict()  # FAULT
        else:
            self.wait += 1
        return self.wait >= self.patience


def main():
    x, w = torch.randn(600, 8), torch.randn(8, 2)
    y = x @ w
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    stop = EarlyStopping()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x[:500], y[:500]), 50, shuffle=True)
    for epoch in range(200):
        model.train()
        for xb, yb in loader:
            opt.zero_grad()
            nn.functional.mse_loss(model(xb), yb).backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x[500:]), y[500:]).item()
        if stop(val, model):
            break
    model.load_state_dict(stop.state)
    torch.save(model.state_dict(), "best.pt")


main()
