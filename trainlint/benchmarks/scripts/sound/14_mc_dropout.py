"""MC dropout: prediction runs in train mode on purpose to sample the posterior."""
import torch
from torch import nn


class BayesianMLP(nn.Module):
    def __init__(self, p=0.1):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(1, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


def enable_dropout(model):
    for m in model.modules():
        if m.__class__.__name__.startswith("Dropout"):
            m.train()


def train(model, x, y, epochs=150):
    opt = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-5)
    model.train()
    for e in range(epochs):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        if e % 30 == 0:
            print(e, round(loss.item(), 4))


@torch.no_grad()
def predict_mc(model, x, n_samples=40):
    model.eval()
    enable_dropout(model)
    draws = torch.stack([model(x) for _ in range(n_samples)])
    return draws.mean(0), draws.std(0)


def predict_ensemble_like(model, x, n_samples=40):
    model.train()       # dropout stays active
    with torch.no_grad():
        return torch.stack([model(x) for _ in range(n_samples)]).std(0)


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.linspace(-2, 2, 100).unsqueeze(1)
    y = torch.sin(2 * x[:, 0]) + 0.1 * torch.randn(100)
    model = BayesianMLP()
    train(model, x, y)
    grid = torch.linspace(-4, 4, 9).unsqueeze(1)
    mean, std = predict_mc(model, grid)
    for g, m, s in zip(grid[:, 0], mean, std):
        print(f"{g:+.1f} {m:+.3f} +- {s:.3f}")
    print(predict_ensemble_like(model, grid).mean().item())
