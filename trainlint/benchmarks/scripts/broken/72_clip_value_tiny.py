import torch
import torch.nn as nn

CLIP = 1e-7


class CharRNN(nn.Module):
    def __init__(self, vocab, hidden=128):
        super().__init__()
        self.emb = nn.Embedding(vocab, hidden)
        self.rnn = nn.GRU(hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, x, h=None):
        y, h = self.rnn(self.emb(x), h)
        return self.out(y), h


text = open(__file__).read()
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])
model = CharRNN(len(chars))
optim = torch.optim.SGD(model.parameters(), lr=0.5)
crit = nn.CrossEntropyLoss()
for it in range(300):
    starts = torch.randint(0, len(ids) - 65, (16,))
    x = torch.stack([ids[s : s + 64] for s in starts])
    y = torch.stack([ids[s + 1 : s + 65] for s in starts])
    logits, _ = model(x)
    loss = crit(logits.reshape(-1, len(chars)), y.reshape(-1))
    optim.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), CLIP)  # FAULT
    optim.step()
    if it % 50 == 0:
        print(it, loss.item())
