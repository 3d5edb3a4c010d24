"""LoRA: fine-tuning low-rank adapters on a frozen pretrained network."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.empty(rank, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.A.t() @ self.B.t())


def task(n, angle):
    x = torch.randn(n, 10)
    c, s = math.cos(angle), math.sin(angle)
    u, v = c * x[:, 0] - s * x[:, 1], s * x[:, 0] + c * x[:, 1]
    return x, (u > 0).long() + 2 * (v + 0.3 * x[:, 2] > 0).long()


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        acc = (net(x).argmax(1) == y).float().mean().item()
    net.train()
    return acc


net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))

# Pretraining on the source task.
x0, y0 = task(1000, 0.0)
pre_opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for _ in range(60):
    idx = torch.randint(1000, (100,))
    pre_opt.zero_grad()
    F.cross_entropy(net(x0[idx]), y0[idx]).backward()
    pre_opt.step()

# Adaptation to the rotated task: only the adapters and the last layer move.
for p in net.parameters():
    p.requires_grad = False
net[0] = LoRALinear(net[0])
net[3] = LoRALinear(net[3])
net[5] = nn.Linear(64, 4)
trainable = [p for p in net.parameters() if p.requires_grad]
print("trainable", sum(p.numel() for p in trainable), "of", sum(p.numel() for p in net.parameters()))

x1, y1 = task(800, 2.2)
xt, yt = task(400, 2.2)
optimizer = torch.optim.AdamW(trainable, lr=1e-2, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=8)
before = accuracy(net, xt, yt)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(800).split(40):
        batch, labels = x1[idx], y1[idx]
        optimizer.zero_grad()
        logits = net(batch)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    print(f"epoch {epoch} loss {total / 20:.4f} acc {accuracy(net, xt, yt):.3f}")

after = accuracy(net, xt, yt)
assert after > 0.85 and after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
