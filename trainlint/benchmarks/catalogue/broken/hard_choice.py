import torch
from torch import nn

torch.manual_seed(43)


class Mixture(nn.Module):
    def __init__(self, n_experts=3):
        super().__init__()
        self.gate = nn.Linear(4, n_experts)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1)) for _ in range(n_experts))

    def forward(self, x):
        outs = torch.stack([e(x) for e in self.experts], dim=1)
        chosen = self.gate(x).argmax(dim=1)
        w = nn.functional.one_hot(chosen, len(self.experts)).float()
        return (w.unsqueeze(-1) * outs).sum(1)


x = torch.randn(500, 4)
y = torch.where(x[:, :1] > 0, x[:, 1:2] * 2, -x[:, 2:3])
moe = Mixture()
optim = torch.optim.Adam(moe.parameters(), lr=4e-3)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(500).split(50):
        pred = moe(x[idx])
        loss = nn.functional.mse_loss(pred, y[idx])
        optim.zero_grad()
        loss.backward()
        optim.step()
        total += loss.item()
    print(f"epoch {epoch}: mse {total / 10:.4f}")
