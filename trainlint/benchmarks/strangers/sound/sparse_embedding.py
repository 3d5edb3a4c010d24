"""Sparse embedding bag with SparseAdam for the table and Adam for the rest."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(31)
VOCAB, CLASSES = 2000, 4
topic = torch.randint(CLASSES, (VOCAB,))
by_topic = [torch.nonzero(topic == c).squeeze(1) for c in range(CLASSES)]


def documents(n, length=12):
    y = torch.randint(CLASSES, (n,))
    docs = []
    for c in y.tolist():
        own = by_topic[c][torch.randint(len(by_topic[c]), (length // 2,))]
        docs.append(torch.cat([own, torch.randint(VOCAB, (length - length // 2,))]))
    return torch.stack(docs), y


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.EmbeddingBag(VOCAB, 16, mode="mean", sparse=True)
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.fc(self.emb(x))


model = Bag()
opt_sparse = torch.optim.SparseAdam(list(model.emb.parameters()), lr=2e-2)
opt_dense = torch.optim.Adam(model.fc.parameters(), lr=1e-2)
test_x, test_y = documents(300)


@torch.no_grad()
def accuracy():
    return (model(test_x).argmax(1) == test_y).float().mean().item()


before = accuracy()
for step in range(150):
    x, y = documents(64)
    loss = F.cross_entropy(model(x), y)
    opt_sparse.zero_grad()
    opt_dense.zero_grad()
    loss.backward()
    opt_sparse.step()
    opt_dense.step()
    if step % 30 == 0:
        print(f"step {step} loss {loss.item():.3f} acc {accuracy():.3f}")
after = accuracy()
assert after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
