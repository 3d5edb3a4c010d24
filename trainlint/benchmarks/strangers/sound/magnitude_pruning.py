"""Iterative magnitude pruning with torch.nn.utils.prune and fine-tuning in between."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import prune

torch.manual_seed(78)
c = torch.randn(6, 30)


def sample(n):
    y = torch.randint(6, (n,))
    return c[y] + 1.0 * torch.randn(n, 30), y


net = nn.Sequential(nn.Linear(30, 80), nn.ReLU(), nn.Linear(80, 40), nn.ReLU(), nn.Linear(40, 6))
xt, yt = sample(500)


def accuracy():
    with torch.no_grad():
        return (net(xt).argmax(1) == yt).float().mean().item()


def finetune(steps, lr):
    opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    for _ in range(steps):
        x, y = sample(48)
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


before = accuracy()
print("dense", finetune(80, 0.1), accuracy())
for rnd in range(3):
    targets = [(m, "weight") for m in net if isinstance(m, nn.Linear)]
    prune.global_unstructured(targets, pruning_method=prune.L1Unstructured, amount=0.5)
    kept = sum(m.weight_mask.sum() for m, _ in targets) / sum(m.weight_mask.numel() for m, _ in targets)
    print(f"round {rnd} kept {kept:.3f} pruned acc {accuracy():.3f} loss {finetune(40, 0.02):.3f} acc {accuracy():.3f}")
for m in net:
    if isinstance(m, nn.Linear):
        prune.remove(m, "weight")
after = accuracy()
zeros = (net[0].weight == 0).float().mean().item()
assert after > before + 0.5 and zeros > 0.5
print(f"OK {before:.3f} -> {after:.3f}")
