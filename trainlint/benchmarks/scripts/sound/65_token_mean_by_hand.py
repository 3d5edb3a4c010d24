import torch
from torch import nn
import torch.nn.functional as F

PAD = 0


class LM(nn.Module):
    def __init__(self, vocab=500, dim=96):
        super().__init__()
        self.wte = nn.Embedding(vocab, dim, padding_idx=PAD)
        self.rnn = nn.LSTM(dim, dim, num_layers=2, dropout=0.1, batch_first=True)
        self.lm_head = nn.Linear(dim, vocab, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, idx):
        return self.lm_head(self.rnn(self.wte(idx))[0])


model = LM()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95))
for step in range(400):
    seq = torch.randint(1, 500, (32, 41))
    seq[:, 30:] = PAD
    inputs, targets = seq[:, :-1], seq[:, 1:]
    logits = model(inputs)
    summed = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD, reduction="sum")
    tokens = (targets != PAD).sum()
    loss = summed / tokens
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
