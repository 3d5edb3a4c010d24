"""Sentence classification with packed variable-length sequences and multi-label BCE."""
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader

torch.manual_seed(79)
TAGS, VOCAB = 4, 30


def example():
    n = int(torch.randint(4, 12, ()))
    words = torch.randint(1, VOCAB, (n,))
    # A tag is on when one of its two key words occurs.
    tags = torch.tensor([float(((words == 2 * k + 1) | (words == 2 * k + 2)).any()) for k in range(TAGS)])
    return words, tags


def collate(items):
    words, tags = zip(*items)
    return pad_sequence(words, batch_first=True), torch.tensor([len(w) for w in words]), torch.stack(tags)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 24, padding_idx=0)
        self.rnn = nn.GRU(24, 32, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(64, TAGS)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(self.emb(words), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.rnn(packed)
        return self.fc(torch.cat([h[0], h[1]], 1))


train = DataLoader([example() for _ in range(800)], batch_size=40, shuffle=True, collate_fn=collate)
test = collate([example() for _ in range(300)])
model = Tagger()
criterion = nn.BCEWithLogitsLoss(pos_weight=torch.full((TAGS,), 1.2))
opt = torch.optim.RAdam(model.parameters(), lr=2e-2)


def exact_match():
    with torch.no_grad():
        return ((model(test[0], test[1]) > 0).float() == test[2]).all(1).float().mean().item()


before = exact_match()
for epoch in range(8):
    for words, lengths, tags in train:
        loss = criterion(model(words, lengths), tags)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        opt.step()
    print(f"epoch {epoch} bce {loss.item():.4f} exact {exact_match():.3f}")
after = exact_match()
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
