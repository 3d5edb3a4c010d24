"""Implicit-feedback recommendation with the BPR ranking loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(73)
USERS, ITEMS = 100, 80
taste, kind = torch.randint(4, (USERS,)), torch.randint(4, (ITEMS,))
liked = torch.rand(USERS, ITEMS) < torch.where(taste[:, None] == kind[None, :], 0.5, 0.03)
pairs = liked.nonzero()
pairs = pairs[torch.randperm(len(pairs))]
cut = int(0.85 * len(pairs))
train_pairs, test_pairs = pairs[:cut], pairs[cut:]

user, item = nn.Embedding(USERS, 12), nn.Embedding(ITEMS, 12)
for table in (user, item):
    nn.init.normal_(table.weight, std=0.05)
optimizer = torch.optim.Adagrad([*user.parameters(), *item.parameters()], lr=0.1)


def auc():
    """Probability that a held-out item is ranked above an item the user does not like."""
    with torch.no_grad():
        score = user.weight @ item.weight.t()
        u, i = test_pairs.t()
        neg = score[u].masked_fill(liked[u], float("nan"))
        return torch.nanmean((score[u, i].unsqueeze(1) > neg).float().masked_fill(liked[u], float("nan"))).item()


before = auc()
for epoch in range(12):
    for batch in train_pairs[torch.randperm(cut)].split(64):
        u, i = batch.t()
        j = torch.randint(ITEMS, (len(u),))
        ok = ~liked[u, j]
        x = (user(u) * (item(i) - item(j))).sum(1)[ok]
        reg = 1e-3 * (user(u).pow(2).mean() + item(i).pow(2).mean())
        loss = -F.logsigmoid(x).mean() + reg
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} bpr {loss.item():.4f} auc {auc():.3f}")
after = auc()
assert after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
