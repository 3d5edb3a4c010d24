"""A stateful forecaster: windows must come in order (shuffle=False), the state is carried and detached."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class StatefulGRU(nn.Module):
    def __init__(self, batch_size, hidden=24):
        super().__init__()
        self.gru = nn.GRUCell(1, hidden)
        self.readout = nn.Linear(hidden, 1)
        self.register_buffer("state", torch.zeros(batch_size, hidden), persistent=False)

    def reset_state(self):
        self.state = torch.zeros_like(self.state)

    def forward(self, x):
        h, ys = self.state, []
        for t in range(x.size(1)):
            h = self.gru(x[:, t], h)
            ys.append(self.readout(h))
        self.state = h.detach()
        return torch.stack(ys, 1)


def contiguous_windows(series, batch_size, window):
    n = (len(series) - 1) // batch_size // window * window
    xs = torch.stack([series[i * n:(i + 1) * n] for i in range(batch_size)], 1)
    ys = torch.stack([series[i * n + 1:(i + 1) * n + 1] for i in range(batch_size)], 1)
    # (n_windows * batch, window, 1), ordered so that batch k continues batch k - 1
    xs = xs.view(-1, window, batch_size).transpose(1, 2).reshape(-1, window, 1)
    ys = ys.view(-1, window, batch_size).transpose(1, 2).reshape(-1, window, 1)
    return TensorDataset(xs, ys)


def main():
    torch.manual_seed(0)
    t = torch.arange(2401) * 0.15
    series = torch.sin(t) * torch.cos(0.21 * t) + 0.02 * torch.randn_like(t)
    bs = 8
    train_loader = DataLoader(contiguous_windows(series[:1921], bs, 12), batch_size=bs, shuffle=False, drop_last=True)
    valid_loader = DataLoader(contiguous_windows(series[1921:], bs, 12), batch_size=bs, shuffle=False, drop_last=True)
    model = StatefulGRU(bs)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss_fn = nn.MSELoss()
    for epoch in range(8):
        model.train()
        model.reset_state()
        tr = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            tr += loss.item()
        model.eval()
        model.reset_state()
        with torch.no_grad():
            va = sum(loss_fn(model(x), y).item() for x, y in valid_loader)
        print(f"{epoch} train {tr / len(train_loader):.4f} valid {va / len(valid_loader):.4f}")


if __name__ == "__main__":
    main()
