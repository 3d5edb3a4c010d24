import torch
from torch import nn


class Ctr(nn.Module):
    def __init__(self, fields=(100, 50, 20), k=8):
        super().__init__()
        self.emb = nn.ModuleList([nn.Embedding(f, k) for f in fields])
        self.mlp = nn.Sequential(nn.Linear(k * len(fields), 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())

    def forward(self, cats):
        return self.mlp(torch.cat([e(cats[:, i]) for i, e in enumerate(self.emb)], dim=1)).squeeze(1)


model = Ctr()
optim = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.BCEWithLogitsLoss()
for it in range(400):
    cats = torch.stack([torch.randint(0, n, (64,)) for n in (100, 50, 20)], dim=1)
    click = (cats[:, 2] > 10).float()
    loss = loss_fn(model(cats), click)  # FAULT
    optim.zero_grad()
    loss.backward()
    optim.step()
