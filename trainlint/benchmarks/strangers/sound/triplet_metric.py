"""Metric learning with batch-hard triplets."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(34)
identity = torch.randn(30, 6)
lens = torch.randn(36, 48) / 4


def photos(who):
    """Six informative factors among thirty louder nuisance factors."""
    signal = identity[who] + 0.25 * torch.randn(len(who), 6)
    return torch.cat([signal, 1.5 * torch.randn(len(who), 30)], 1) @ lens


def batch_hard(emb, who, margin=0.3):
    dist = torch.cdist(emb, emb)
    same = who[:, None] == who[None, :]
    hardest_pos = dist.masked_fill(~same, 0).max(1).values
    hardest_neg = dist.masked_fill(same, float("inf")).min(1).values
    return F.relu(hardest_pos - hardest_neg + margin).mean()


net = nn.Sequential(nn.Linear(48, 64), nn.ReLU(), nn.Linear(64, 16))


def recall_at_1():
    """The last ten identities are never trained on."""
    who = torch.arange(20, 30).repeat_interleave(10)
    with torch.no_grad():
        e = F.normalize(net(photos(who)), dim=1)
    dist = torch.cdist(e, e).fill_diagonal_(9)
    return (who[dist.argmin(1)] == who).float().mean().item()


opt = torch.optim.Adam(net.parameters(), lr=2e-3)
before = recall_at_1()
for step in range(300):
    who = torch.randperm(20)[:10].repeat_interleave(6)
    emb = F.normalize(net(photos(who)), dim=1)
    loss = batch_hard(emb, who)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(f"step {step} loss {loss.item():.4f} recall {recall_at_1():.3f}")
after = recall_at_1()
assert after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
