"""Focal loss for a rare positive class, with the prior in the output bias."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(53)


def sigmoid_focal(logits, target, alpha=0.75, gamma=2.0):
    ce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.sigmoid(logits)
    p_t = p * target + (1 - p) * (1 - target)
    a_t = alpha * target + (1 - alpha) * (1 - target)
    return (a_t * (1 - p_t) ** gamma * ce).mean()


def transactions(n):
    x = torch.randn(n, 10)
    fraud = (x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * torch.randn(n)) > 2.6
    return x, fraud.float()


def average_precision(score, target):
    hits = target[score.argsort(descending=True)]
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1)
    return ((precision * hits).sum() / hits.sum()).item()


x, y = transactions(6000)
xt, yt = transactions(4000)
print("positives", y.mean().item())
model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
nn.init.constant_(model[-1].bias, -math.log((1 - 0.03) / 0.03))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)


def evaluate():
    with torch.no_grad():
        return average_precision(model(xt).squeeze(1), yt)


before = evaluate()
for epoch in range(5):
    for idx in torch.randperm(6000).split(150):
        loss = sigmoid_focal(model(x[idx]).squeeze(1), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} focal {loss.item():.5f} ap {evaluate():.3f}")
after = evaluate()
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
