import torch
from torch import nn

torch.manual_seed(233)
PAD = 0


class BagOfWords(nn.Module):
    def __init__(self, vocab=40):
        super().__init__()
        self.embedding = nn.Embedding(vocab, 12)
        self.classify = nn.Linear(12, 2)
        keep = torch.ones(vocab, 1)
        keep[PAD] = 0
        self.embedding.weight.register_hook(lambda g: g * (1 - keep) * 0)

    def forward(self, t):
        return self.classify(self.embedding(t).mean(1))


docs = torch.randint(0, 40, (500, 8))
topic = ((docs > 20).float().mean(1) > 0.5).long()
net = BagOfWords()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(500).split(50):
        loss = nn.functional.cross_entropy(net(docs[idx]), topic[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / 10:.4f}")
