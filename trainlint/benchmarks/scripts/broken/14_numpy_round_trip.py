"""The hidden activations are normalised in numpy inside forward, which cuts the graph (marked FAULT)."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def whiten(a):
    a = a - a.mean(axis=0, keepdims=True)
    return a / (a.std(axis=0, keepdims=True) + 1e-6)


class Regressor(nn.Module):
    def __init__(self, n_in=6, n_hidden=40):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, n_hidden), nn.Tanh())
        self.tail = nn.Linear(n_hidden, 1)

    def forward(self, x):
        h = self.body(x)
        h = torch.from_numpy(whiten(h.detach().cpu().numpy())).to(x.device)  # FAULT
        return self.tail(h).squeeze(-1)


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 6)).astype(np.float32)
    Y = (np.sin(X[:, 0] * 2) + X[:, 1] ** 2).astype(np.float32)
    dl = DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=50, shuffle=True)
    model = Regressor()
    optim = torch.optim.Adam(model.parameters(), lr=2e-2)
    loss_fn = nn.MSELoss()
    history = []
    for _ in range(10):
        epoch_losses = []
        for xb, yb in dl:
            optim.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optim.step()
            epoch_losses.append(loss.item())
        history.append(np.mean(epoch_losses))
    print("loss curve:", np.round(history, 3))


if __name__ == "__main__":
    main()
