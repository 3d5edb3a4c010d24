"""The windows come as (x, y) tuples with y of shape (B,), the LSTM head gives (B, 1), and the loss broadcasts (marked FAULT)."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=hidden, num_layers=1, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, window):
        out, (h, c) = self.lstm(window)
        return self.linear(out[:, -1])


class WindowDataset(torch.utils.data.Dataset):
    def __init__(self, series, width):
        self.series, self.width = series, width

    def __len__(self):
        return len(self.series) - self.width

    def __getitem__(self, i):
        x = self.series[i:i + self.width].unsqueeze(-1)
        y = self.series[i + self.width]
        return (x, y)


def train_step(model, batch, optimizer):
    x, y = batch
    y_hat = model(x)
    loss = F.l1_loss(y_hat, y)  # FAULT
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def main():
    torch.manual_seed(0)
    t = torch.arange(500) * 0.1
    series = torch.sin(t) + 0.3 * torch.sin(math.pi * t)
    loader = torch.utils.data.DataLoader(WindowDataset(series, 16), batch_size=44, shuffle=True)
    model = Forecaster()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(6):
        model.train()
        losses = [train_step(model, batch, optimizer) for batch in loader]
        print(f"epoch {epoch}: {torch.stack(losses).mean():.4f}")


if __name__ == "__main__":
    main()
