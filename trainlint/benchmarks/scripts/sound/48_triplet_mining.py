"""Hard-negative mining without gradient: argmax and argmin only choose indices, the loss is recomputed with them."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Sampler, TensorDataset


class PKSampler(Sampler):
    """P classes, K samples of each, per batch"""

    def __init__(self, labels, p, k, n_batches):
        self.by_class = [torch.nonzero(labels == c).squeeze(1) for c in labels.unique()]
        self.p, self.k, self.n = p, k, n_batches

    def __iter__(self):
        for _ in range(self.n):
            batch = []
            for c in torch.randperm(len(self.by_class))[:self.p].tolist():
                pool = self.by_class[c]
                batch += pool[torch.randperm(len(pool))[:self.k]].tolist()
            yield batch

    def __len__(self):
        return self.n


class Embedder(nn.Module):
    def __init__(self, n_in, dim=8):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 48), nn.ReLU(), nn.Linear(48, dim))

    def forward(self, x):
        return F.normalize(self.net(x), dim=1)


@torch.no_grad()
def mine(emb, labels):
    d = torch.cdist(emb, emb)
    same = labels[:, None] == labels[None]
    hardest_pos = d.masked_fill(~same, -1).argmax(1)
    hardest_neg = d.masked_fill(same, 1e9).argmin(1)
    return hardest_pos, hardest_neg


def recall_at_1(model, x, y):
    model.eval()
    with torch.no_grad():
        e = model(x)
        d = torch.cdist(e, e).fill_diagonal_(1e9)
    return (y[d.argmin(1)] == y).float().mean().item()


torch.manual_seed(0)
y = torch.randint(6, (600,))
x = torch.cat([torch.randn(6, 10)[y] + 0.7 * torch.randn(600, 10), 2 * torch.randn(600, 6)], 1)
loader = DataLoader(TensorDataset(x[:450], y[:450]), batch_sampler=PKSampler(y[:450], p=4, k=8, n_batches=20))
model = Embedder(16)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
triplet = nn.TripletMarginLoss(margin=0.3)
print("before", round(recall_at_1(model, x[450:], y[450:]), 3))
for epoch in range(5):
    model.train()
    total = 0.0
    for xb, yb in loader:
        emb = model(xb)
        p, n = mine(emb, yb)
        loss = triplet(emb, emb[p], emb[n])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.4f} R@1 {recall_at_1(model, x[450:], y[450:]):.3f}")
