"""Matrix factorisation for ratings with zero-initialised biases."""
import torch
from torch import nn

torch.manual_seed(33)
USERS, ITEMS, RANK = 80, 60, 4
true = (torch.randn(USERS, 3) @ torch.randn(3, ITEMS)) * 0.6
true = true + 0.5 * torch.randn(USERS, 1) + 0.5 * torch.randn(1, ITEMS) + 3.5
pairs = torch.cartesian_prod(torch.arange(USERS), torch.arange(ITEMS))[torch.randperm(USERS * ITEMS)]
ratings = true[pairs[:, 0], pairs[:, 1]] + 0.1 * torch.randn(len(pairs))
train, valid = slice(0, 3800), slice(3800, None)


class MF(nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.P = nn.Embedding(USERS, RANK)
        self.Q = nn.Embedding(ITEMS, RANK)
        self.bu = nn.Embedding(USERS, 1)
        self.bi = nn.Embedding(ITEMS, 1)
        self.register_buffer("mean", mean)
        nn.init.normal_(self.P.weight, std=0.1)
        nn.init.normal_(self.Q.weight, std=0.1)
        nn.init.zeros_(self.bu.weight)
        nn.init.zeros_(self.bi.weight)

    def forward(self, u, i):
        dot = (self.P(u) * self.Q(i)).sum(-1)
        return self.mean + dot + self.bu(u).squeeze(-1) + self.bi(i).squeeze(-1)


def rmse(part):
    with torch.no_grad():
        return (model(*pairs[part].t()) - ratings[part]).pow(2).mean().sqrt().item()


model = MF(ratings[train].mean())
biases = [model.bu.weight, model.bi.weight]
factors = [model.P.weight, model.Q.weight]
optimizer = torch.optim.Adam([{"params": factors, "weight_decay": 1e-4}, {"params": biases}], lr=2e-2)
before = rmse(valid)
for epoch in range(9):
    for idx in torch.randperm(3800).split(200):
        u, i = pairs[idx].t()
        loss = (model(u, i) - ratings[idx]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} train rmse {rmse(train):.3f} valid rmse {rmse(valid):.3f}")
after = rmse(valid)
assert after < 0.4 * before
print(f"OK {before:.3f} -> {after:.3f}")
