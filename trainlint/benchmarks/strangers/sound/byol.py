"""BYOL: online network, predictor and a target as exponential moving average."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(24)
protos = 1.5 * torch.randn(5, 10)
mix = torch.randn(40, 40) / 6


def draw(n):
    y = torch.randint(5, (n,))
    return protos[y] + 0.3 * torch.randn(n, 10), y


def augment(c):
    return torch.cat([c + 0.2 * torch.randn_like(c), 2 * torch.randn(len(c), 30)], 1) @ mix


online = nn.Sequential(nn.Linear(40, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 24), nn.BatchNorm1d(24))
predictor = nn.Sequential(nn.Linear(24, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 24))
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad = False


def regression_loss(p, z):
    return 2 - 2 * (F.normalize(p, dim=1) * F.normalize(z, dim=1)).sum(1).mean()


train_c, train_y = draw(400)
test_c, test_y = draw(300)


def knn():
    online.eval()
    with torch.no_grad():
        a, b = F.normalize(online(augment(test_c)), dim=1), F.normalize(online(augment(train_c)), dim=1)
    online.train()
    near = (a @ b.t()).topk(5, 1).indices
    return (train_y[near].mode(1).values == test_y).float().mean().item()


opt = torch.optim.Adam([*online.parameters(), *predictor.parameters()], lr=3e-3)
before = knn()
for step in range(120):
    c, _ = draw(96)
    v1, v2 = augment(c), augment(c)
    with torch.no_grad():
        t1, t2 = target(v1), target(v2)
    loss = regression_loss(predictor(online(v1)), t2) + regression_loss(predictor(online(v2)), t1)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p, q in zip(online.parameters(), target.parameters()):
            q.lerp_(p, 0.03)
    if step % 40 == 0:
        print(step, loss.item(), knn())
after = knn()
assert after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
