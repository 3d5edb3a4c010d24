import numpy as np
import torch
from torch import nn


class FourierNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, 32)
        self.head = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        z = self.embed(x).detach().numpy()  # FAULT
        feats = np.concatenate([np.sin(z), np.cos(z)], axis=1)
        return self.head(torch.from_numpy(feats))


net = FourierNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
mse = nn.MSELoss()
for epoch in range(100):
    x = torch.rand(128, 4)
    y = torch.sin(6 * x).sum(1, keepdim=True)
    opt.zero_grad()
    loss = mse(net(x), y)
    loss.backward()
    opt.step()
