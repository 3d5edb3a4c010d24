"""Sequence to sequence with teacher forcing and attention: reverse a string of digits."""
import random

import torch
import torch.nn as nn

random.seed(12)
torch.manual_seed(12)
PAD, SOS, EOS, VOCAB = 0, 1, 2, 9


def batch(n):
    lens = [random.randint(2, 5) for _ in range(n)]
    src = torch.full((n, 5), PAD)
    tgt = torch.full((n, 7), PAD)
    for i, m in enumerate(lens):
        s = [random.randint(3, VOCAB - 1) for _ in range(m)]
        src[i, :m] = torch.tensor(s)
        tgt[i, :m + 2] = torch.tensor([SOS] + s[::-1] + [EOS])
    return src, tgt


class Seq2Seq(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.emb_in = nn.Embedding(VOCAB, h, padding_idx=PAD)
        self.emb_out = nn.Embedding(VOCAB, h, padding_idx=PAD)
        self.encoder = nn.GRU(h, h, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * h, h)
        self.decoder = nn.GRUCell(h, h)
        self.out = nn.Linear(2 * h, VOCAB)

    def forward(self, src, tgt, teacher_forcing):
        memory, _ = self.encoder(self.emb_in(src))
        memory = self.bridge(memory)
        mask = src == PAD
        hidden = memory.mean(1)
        token, logits = tgt[:, 0], []
        for t in range(1, tgt.shape[1]):
            hidden = self.decoder(self.emb_out(token), hidden)
            score = (memory @ hidden.unsqueeze(2)).squeeze(2).masked_fill(mask, -1e9)
            context = (score.softmax(1).unsqueeze(1) @ memory).squeeze(1)
            logits.append(self.out(torch.cat([hidden, context], 1)))
            use_truth = random.random() < teacher_forcing
            token = tgt[:, t] if use_truth else logits[-1].argmax(1)
        return torch.stack(logits, 1)


@torch.no_grad()
def token_accuracy(model):
    src, tgt = batch(100)
    pred = model(src, tgt, teacher_forcing=0.0).argmax(2)
    keep = tgt[:, 1:] != PAD
    return (pred == tgt[:, 1:])[keep].float().mean().item()


model = Seq2Seq()
opt = torch.optim.Adam(model.parameters(), lr=6e-3)
loss_fn = nn.CrossEntropyLoss(ignore_index=PAD)
before = token_accuracy(model)
for step in range(125):
    src, tgt = batch(48)
    out = model(src, tgt, teacher_forcing=0.8)
    loss = loss_fn(out.reshape(-1, VOCAB), tgt[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 35 == 0:
        print(step, loss.item())
after = token_accuracy(model)
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
