import math
import torch
from torch import nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    def __init__(self, d, heads, p=0.1):
        super().__init__()
        self.h, self.p = heads, p
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (z.view(b, t, self.h, d // self.h).transpose(1, 2) for z in self.qkv(x).split(d, dim=2))
        att = (q @ k.transpose(-2, -1)) / math.sqrt(d // self.h)
        att = F.dropout(att.softmax(-1), self.p)  # FAULT
        return self.proj((att @ v).transpose(1, 2).reshape(b, t, d))


class LM(nn.Module):
    def __init__(self, vocab=64, d=64):
        super().__init__()
        self.emb, self.att, self.out = nn.Embedding(vocab, d), SelfAttention(d, 4), nn.Linear(d, vocab)

    def forward(self, idx):
        return self.out(self.att(self.emb(idx)))


lm = LM()
opt = torch.optim.AdamW(lm.parameters(), 1e-3)
for step in range(500):
    lm.train()
    idx = torch.randint(0, 64, (8, 33))
    loss = F.cross_entropy(lm(idx[:, :-1]).flatten(0, 1), idx[:, 1:].flatten())
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if step % 100 == 0:
        lm.eval()
        with torch.no_grad():
            print(step, F.cross_entropy(lm(idx[:, :-1]).flatten(0, 1), idx[:, 1:].flatten()).item())
