"""log_softmax runs over the batch (dim=0) before the NLL loss (marked FAULT)."""
import torch
from torch import nn
from torch.nn import functional as F


class NameRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)

    def forward(self, seq):
        h = seq.new_zeros(seq.size(0), self.hidden_size)
        for t in range(seq.size(1)):
            h = torch.tanh(self.i2h(torch.cat([seq[:, t], h], dim=1)))
        return F.log_softmax(self.h2o(h), dim=0)  # FAULT


LETTERS = "abcdefgh"
LANGS = {"vowely": "aeaeaebh", "hard": "bcdfghcd", "mixed": "abcdefgh"}


def sample(n, length=6):
    xs, ys = [], []
    names = list(LANGS)
    for _ in range(n):
        k = torch.randint(len(names), ()).item()
        pool = LANGS[names[k]]
        ids = torch.tensor([LETTERS.index(pool[i]) for i in torch.randint(len(pool), (length,))])
        xs.append(F.one_hot(ids, len(LETTERS)).float())
        ys.append(k)
    return torch.stack(xs), torch.tensor(ys)


torch.manual_seed(0)
rnn = NameRNN(len(LETTERS), 32, len(LANGS))
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(rnn.parameters(), lr=5e-3)
current_loss = 0
for it in range(1, 81):
    x, y = sample(32)
    optimizer.zero_grad()
    loss = criterion(rnn(x), y)
    loss.backward()
    optimizer.step()
    current_loss += loss.item()
    if it % 20 == 0:
        print(it, f"{current_loss / 20:.4f}")
        current_loss = 0
