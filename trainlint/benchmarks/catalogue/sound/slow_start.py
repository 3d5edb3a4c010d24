import math

import torch
from torch import nn

torch.manual_seed(0)
seq_len, vocab, steps = 16, 20, 120
warmup_steps = 10


class TinyGPT(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.pos = nn.Parameter(torch.zeros(seq_len, d))
        layer = nn.TransformerEncoderLayer(d, 4, 64, dropout=0.0, batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(d, vocab)

    def forward(self, t):
        mask = nn.Transformer.generate_square_subsequent_mask(t.shape[1])
        return self.head(self.blocks(self.tok(t) + self.pos[: t.shape[1]], mask=mask, is_causal=True))


def batch(n=32):
    start = torch.randint(0, vocab, (n, 1))
    stride = torch.randint(1, 4, (n, 1))
    return (start + stride * torch.arange(seq_len + 1)) % vocab


gpt = TinyGPT()
opt = torch.optim.AdamW(gpt.parameters(), lr=3e-3)


def lr_at(step):
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, steps - warmup_steps)))


sched = torch.optim.lr_scheduler.LambdaLR(opt, lr_at)
for step in range(steps):
    seq = batch()
    logits = gpt(seq[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, vocab), seq[:, 1:].reshape(-1))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    sched.step()
    if step % 20 == 0:
        print(f"step {step}: loss {loss.item():.4f}")
