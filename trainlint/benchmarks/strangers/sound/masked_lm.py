"""Masked language model with the 80/10/10 rule on periodic token sequences."""
import torch
import torch.nn as nn

torch.manual_seed(51)
VOCAB, MASK, L = 14, 13, 16


def sentences(n):
    """Arithmetic progressions modulo twelve, so gaps can be inferred from both sides."""
    start, stride = torch.randint(12, (n, 1)), torch.randint(1, 5, (n, 1))
    return (start + stride * torch.arange(L)) % 12


def mask_tokens(ids):
    labels = ids.clone()
    chosen = torch.rand(ids.shape) < 0.15
    labels[~chosen] = -100
    roll = torch.rand(ids.shape)
    inputs = ids.masked_fill(chosen & (roll < 0.8), MASK)
    random_words = torch.randint(12, ids.shape)
    swap = chosen & (roll >= 0.9)
    return torch.where(swap, random_words, inputs), labels


class Bert(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, d), nn.Parameter(0.02 * torch.randn(1, L, d))
        layer = nn.TransformerEncoderLayer(d, 4, 64, dropout=0.0, batch_first=True, norm_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.bias = nn.Parameter(torch.zeros(VOCAB))

    def forward(self, ids):
        return self.encoder(self.tok(ids) + self.pos) @ self.tok.weight.t() + self.bias


model = Bert()
criterion = nn.CrossEntropyLoss(ignore_index=-100)
optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3, weight_decay=0.01)
warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, 1.0, total_iters=20)


@torch.no_grad()
def masked_accuracy():
    inputs, labels = mask_tokens(sentences(200))
    keep = labels != -100
    return (model(inputs).argmax(2) == labels)[keep].float().mean().item()


before = masked_accuracy()
for step in range(200):
    inputs, labels = mask_tokens(sentences(48))
    loss = criterion(model(inputs).transpose(1, 2), labels)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    warm.step()
    if step % 40 == 0:
        print(f"step {step} loss {loss.item():.3f}")
after = masked_accuracy()
assert after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
