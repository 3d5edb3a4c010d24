"""The warm-up multiplier is step / warmup, which is zero for the first update (marked FAULT)."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def get_cosine_with_warmup(optimizer, warmup_steps, total_steps):
    def lr_lambda(step):
        if step < warmup_steps:
            return step / warmup_steps  # FAULT
        t = (step - warmup_steps) / max(1, total_steps - warmup_steps)
        return 0.5 * (1.0 + math.cos(math.pi * t))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda)


class CharModel(nn.Module):
    def __init__(self, vocab, d=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, d)
        self.rnn = nn.GRU(d, d, batch_first=True)
        self.out = nn.Linear(d, vocab)

    def forward(self, idx):
        h, _ = self.rnn(self.emb(idx))
        return self.out(h)


text = "the quick brown fox jumps over the lazy dog and then it sleeps " * 20
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])


def get_batch(bs=16, block=24):
    ix = torch.randint(len(data) - block - 1, (bs,))
    x = torch.stack([data[i:i + block] for i in ix])
    y = torch.stack([data[i + 1:i + block + 1] for i in ix])
    return x, y


torch.manual_seed(42)
model = CharModel(len(chars))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
max_iters = 120
scheduler = get_cosine_with_warmup(optimizer, warmup_steps=20, total_steps=max_iters)

model.train()
for it in range(max_iters):
    xb, yb = get_batch()
    logits = model(xb)
    loss = F.cross_entropy(logits.view(-1, logits.size(-1)), yb.view(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    if it % 20 == 0:
        print(f"iter {it}: loss {loss.item():.3f}, lr {scheduler.get_last_lr()[0]:.5f}")
