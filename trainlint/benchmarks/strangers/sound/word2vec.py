"""Word2vec skip-gram with negative sampling on a synthetic corpus."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(32)
VOCAB, DIM, GROUPS, NEG = 60, 16, 6, 5

# Words of one group follow each other; the group changes now and then.
corpus, group = [], 0
for _ in range(6000):
    if torch.rand(()) < 0.1:
        group = int(torch.randint(GROUPS, ()))
    corpus.append(group * 10 + int(torch.randint(10, ())))
corpus = torch.tensor(corpus)
freq = torch.bincount(corpus, minlength=VOCAB).float() ** 0.75


class SkipGram(nn.Module):
    def __init__(self):
        super().__init__()
        self.center = nn.Embedding(VOCAB, DIM)
        self.context = nn.Embedding(VOCAB, DIM)
        nn.init.uniform_(self.center.weight, -0.5 / DIM, 0.5 / DIM)
        nn.init.zeros_(self.context.weight)

    def forward(self, c, o, neg):
        v = self.center(c)
        pos = (v * self.context(o)).sum(1)
        negs = (self.context(neg) @ v.unsqueeze(2)).squeeze(2)
        return -(F.logsigmoid(pos) + F.logsigmoid(-negs).sum(1)).mean()


def same_group_rate():
    with torch.no_grad():
        e = F.normalize(model.center.weight, dim=1)
        sim = e @ e.t() - 2 * torch.eye(VOCAB)
        best = sim.topk(5).indices // 10
    return (best == (torch.arange(VOCAB) // 10).unsqueeze(1)).float().mean().item()


model = SkipGram()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
before = same_group_rate()
for step in range(250):
    i = torch.randint(2, len(corpus) - 2, (256,))
    offset = torch.tensor([-2, -1, 1, 2])[torch.randint(4, (256,))]
    neg = torch.multinomial(freq, 256 * NEG, replacement=True).view(256, NEG)
    loss = model(corpus[i], corpus[i + offset], neg)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"{step} loss {loss.item():.4f} neighbours {same_group_rate():.3f}")
after = same_group_rate()
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
