import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(71)
MARGIN = -5.0
centers = torch.randn(6, 20)


def triplets(n):
    c = torch.randint(0, 6, (n,))
    o = (c + torch.randint(1, 6, (n,))) % 6
    noise = lambda: 0.8 * torch.randn(n, 20)
    return centers[c] + noise(), centers[c] + noise(), centers[o] + noise()


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


embedder = Embedder()
optimizer = torch.optim.Adam(embedder.parameters(), lr=2e-3)
for epoch in range(6):
    total = 0.0
    for _ in range(20):
        anchor, pos, neg = (embedder(v) for v in triplets(64))
        d_pos = (anchor - pos).pow(2).sum(-1)
        d_neg = (anchor - neg).pow(2).sum(-1)
        loss = F.relu(d_pos - d_neg + MARGIN).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} triplet loss {total / 20:.6f}")
