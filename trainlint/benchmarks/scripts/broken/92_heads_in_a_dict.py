import torch
from torch import nn


class MultiTask(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(32, 64), nn.ReLU())
        self.heads = {name: nn.Linear(64, out) for name, out in tasks.items()}  # FAULT

    def forward(self, x):
        z = self.shared(x)
        return {name: head(z) for name, head in self.heads.items()}


tasks = {"age": 1, "country": 12}
model = MultiTask(tasks)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(300):
    x = torch.randn(32, 32)
    out = model(x)
    loss = nn.functional.mse_loss(out["age"], x[:, :1]) + nn.functional.cross_entropy(out["country"], torch.randint(0, 12, (32,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
