import torch
from torch import nn

torch.manual_seed(17)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 32), nn.Tanh())
        self.encoder_head = nn.Linear(32, 3)

    def forward(self, x):
        return self.encoder_head(self.encoder(x))


tagger = Tagger()
slow = [p for n, p in tagger.named_parameters() if "encoder" in n]
fast = [p for n, p in tagger.named_parameters() if "encoder" not in n]
optimizer = torch.optim.AdamW([{"params": slow, "lr": 1e-4}, {"params": fast, "lr": 1e-2}])

tokens = torch.randn(480, 16)
tags = tokens[:, :3].argmax(1)
for epoch in range(8):
    epoch_loss = 0.0
    for sel in torch.randperm(480).split(48):
        loss = nn.functional.cross_entropy(tagger(tokens[sel]), tags[sel])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() / 10
    print(f"epoch {epoch} | loss {epoch_loss:.4f}")
