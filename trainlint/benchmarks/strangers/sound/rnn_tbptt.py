"""Recurrent network with truncated back-propagation through time."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
T, BPTT, BATCH = 240, 20, 16

t = torch.arange(T + 1).float()
phase = 2 * math.pi * torch.rand(BATCH, 1)
freq = 0.15 + 0.2 * torch.rand(BATCH, 1)
series = torch.sin(freq * t + phase) + 0.5 * torch.sin(2.3 * freq * t) + 0.02 * torch.randn(BATCH, T + 1)
series = series.unsqueeze(-1)


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return self.readout(h), state


def repackage(state):
    return tuple(s.detach() for s in state)


@torch.no_grad()
def evaluate(model):
    out, _ = model(series[:, :-1])
    return F.mse_loss(out[:, 20:], series[:, 21:]).item()


model = Forecaster()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.93)
start = evaluate(model)
for epoch in range(12):
    state = None
    losses = []
    for i in range(0, T, BPTT):
        x = series[:, i:i + BPTT]
        y = series[:, i + 1:i + BPTT + 1]
        if state is not None:
            state = repackage(state)
        out, state = model(x, state)
        loss = F.mse_loss(out, y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    print(f"epoch {epoch} mse {sum(losses) / len(losses):.4f}")
end = evaluate(model)
assert end < 0.1 * start
print(f"OK {start:.4f} -> {end:.4f}")
