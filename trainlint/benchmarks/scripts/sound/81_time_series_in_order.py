import torch
from torch import nn


class Forecaster(nn.Module):
    """Stateful: the hidden state runs through the series, so batches come in order."""

    def __init__(self, hidden=32):
        super().__init__()
        self.cell = nn.LSTM(1, hidden)
        self.read = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        out, state = self.cell(x, state)
        return self.read(out), state


series = torch.sin(torch.arange(5001) / 20).reshape(-1, 1, 1)
net = Forecaster()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for epoch in range(10):
    state, total, windows = None, 0.0, 0
    for start in range(0, 4000, 50):
        x, y = series[start : start + 50], series[start + 1 : start + 51]
        if state is not None:
            state = tuple(s.detach() for s in state)
        pred, state = net(x, state)
        loss = nn.functional.mse_loss(pred, y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(net.parameters(), 0.1)
        opt.step()
        total += loss.item()
        windows += 1
    net.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(net(series[4000:5000])[0], series[4001:5001]).item()
    net.train()
    print(epoch, total / windows, val)
