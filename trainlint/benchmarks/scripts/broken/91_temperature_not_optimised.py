import torch
from torch import nn
import torch.nn.functional as F

image_encoder = nn.Sequential(nn.Linear(512, 256), nn.GELU(), nn.Linear(256, 64))
text_encoder = nn.Sequential(nn.Linear(300, 256), nn.GELU(), nn.Linear(256, 64))
logit_scale = nn.Parameter(torch.tensor(2.6593))
optimizer = torch.optim.AdamW(image_encoder.parameters(), lr=1e-3)  # FAULT

for step in range(1000):
    images, texts = torch.randn(64, 512), torch.randn(64, 300)
    i = F.normalize(image_encoder(images), dim=-1)
    t = F.normalize(text_encoder(texts), dim=-1)
    logits = logit_scale.exp() * i @ t.T
    labels = torch.arange(64)
    loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, loss.item(), logit_scale.exp().item())
