import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(61)
noisy = torch.randn(400, 24)
mix = torch.randn(24, 24) / 5
clean = noisy @ mix
encoder = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 24))
optimizer = torch.optim.Adam(encoder.parameters(), lr=2e-3)


def similarity_loss(pred, target):
    return F.cosine_similarity(pred, target, dim=-1).mean()


for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(400).split(40):
        out = encoder(noisy[idx])
        loss = similarity_loss(out, clean[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: loss {total / 10:.4f}")
