"""BYOL: detached targets, a target network outside the optimiser moved by EMA, a loss without labels."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


def loss_fn(x, y):
    x = F.normalize(x, dim=-1, p=2)
    y = F.normalize(y, dim=-1, p=2)
    return 2 - 2 * (x * y).sum(dim=-1)


class MLP(nn.Sequential):
    def __init__(self, dim, out, hidden=64):
        super().__init__(nn.Linear(dim, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out))


class EMA:
    def __init__(self, beta):
        self.beta = beta

    def update_average(self, old, new):
        return old * self.beta + (1 - self.beta) * new


class BYOL(nn.Module):
    def __init__(self, net, dim, proj=16, moving_average_decay=0.98):
        super().__init__()
        self.online_encoder = nn.Sequential(net, MLP(dim, proj))
        self.online_predictor = MLP(proj, proj)
        self.target_encoder = copy.deepcopy(self.online_encoder)
        for p in self.target_encoder.parameters():
            p.requires_grad = False
        self.ema = EMA(moving_average_decay)

    def update_moving_average(self):
        for cur, ma in zip(self.online_encoder.parameters(), self.target_encoder.parameters()):
            ma.data = self.ema.update_average(ma.data, cur.data)

    def forward(self, v1, v2):
        p1 = self.online_predictor(self.online_encoder(v1))
        p2 = self.online_predictor(self.online_encoder(v2))
        with torch.no_grad():
            z1, z2 = self.target_encoder(v1), self.target_encoder(v2)
        return (loss_fn(p1, z2.detach()) + loss_fn(p2, z1.detach())).mean()


def augment(x):
    return x + 0.3 * torch.randn_like(x)


torch.manual_seed(0)
y = torch.randint(4, (512,))
x = torch.randn(4, 20)[y] * 1.5 + 0.5 * torch.randn(512, 20)
encoder = nn.Sequential(nn.Linear(20, 32), nn.ReLU())
learner = BYOL(encoder, 32)
opt = torch.optim.Adam(learner.parameters(), lr=3e-3)
learner.train()
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(512).split(64):
        loss = learner(augment(x[idx]), augment(x[idx]))
        opt.zero_grad()
        loss.backward()
        opt.step()
        learner.update_moving_average()
        total += loss.item()
    print(f"epoch {epoch} byol loss {total / 8:.4f}")

# linear probe on the frozen features
encoder.eval()
with torch.no_grad():
    feats = encoder(x)
probe = nn.Linear(32, 4)
probe_opt = torch.optim.Adam(probe.parameters(), lr=0.05)
for _ in range(40):
    probe_opt.zero_grad()
    F.cross_entropy(probe(feats), y).backward()
    probe_opt.step()
print("probe acc", (probe(feats).argmax(1) == y).float().mean().item())
