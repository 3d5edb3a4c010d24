"""zero_grad slipped into the logging branch, so gradients pile up over ten steps (marked FAULT)."""
import itertools

import torch
from torch import nn


def infinite_batches(x, y, size):
    while True:
        idx = torch.randint(len(x), (size,))
        yield x[idx], y[idx]


class WideAndDeep(nn.Module):
    def __init__(self, cards=(10, 20), dense=4, emb=6):
        super().__init__()
        self.embs = nn.ModuleList(nn.Embedding(c, emb) for c in cards)
        self.wide = nn.Linear(dense, 1)
        self.deep = nn.Sequential(nn.Linear(emb * len(cards) + dense, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, inp):
        cats, dense = inp[:, :2].long(), inp[:, 2:]
        e = torch.cat([emb(cats[:, i]) for i, emb in enumerate(self.embs)], 1)
        return (self.wide(dense) + self.deep(torch.cat([e, dense], 1))).squeeze(1)


torch.manual_seed(0)
cats = torch.stack([torch.randint(10, (2000,)), torch.randint(20, (2000,))], 1)
dense = torch.randn(2000, 4)
click = ((cats[:, 0] % 2 == cats[:, 1] % 2).float() + 0.3 * dense[:, 0] > 0.5).float()
table = torch.cat([cats.float(), dense], 1)

model = WideAndDeep()
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.Adagrad(model.parameters(), lr=0.05)
model.train()
log_every = 10
for step, (xb, yb) in enumerate(itertools.islice(infinite_batches(table, click, 64), 150)):
    loss = criterion(model(xb), yb)
    loss.backward()
    opt.step()
    if step % log_every == 0:
        opt.zero_grad()  # FAULT
        print(f"step {step:4d} logloss {loss.item():.4f}")
