"""Continual learning with a Fisher penalty (elastic weight consolidation)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(46)
perm = torch.randperm(20)
w = torch.randn(20, 4)


def task_a(n):
    x = torch.randn(n, 20)
    return x, (x @ w).argmax(1)


def task_b(n):
    x = torch.randn(n, 20)
    return x[:, perm] + 2.0, (x @ w).argmax(1)


net = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 4))


def accuracy(task):
    x, y = task(500)
    with torch.no_grad():
        return (net(x).argmax(1) == y).float().mean().item()


def train(task, steps, penalty=None):
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(steps):
        x, y = task(64)
        loss = F.cross_entropy(net(x), y)
        if penalty is not None:
            loss = loss + penalty()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"{task.__name__} loss {loss.item():.3f} acc A {accuracy(task_a):.3f} acc B {accuracy(task_b):.3f}")


train(task_a, 100)
# Diagonal Fisher information of the first task, from sampled labels.
fisher = {k: torch.zeros_like(p) for k, p in net.named_parameters()}
x, _ = task_a(100)
for row in x:
    logits = net(row)
    label = torch.distributions.Categorical(logits=logits).sample()
    net.zero_grad()
    F.cross_entropy(logits, label).backward()
    for k, p in net.named_parameters():
        fisher[k] += p.grad.detach() ** 2 / len(x)
anchor = {k: p.detach().clone() for k, p in net.named_parameters()}


def ewc_penalty():
    return 10 * sum((fisher[k] * (p - anchor[k]) ** 2).sum() for k, p in net.named_parameters())


before = accuracy(task_b)
train(task_b, 200, ewc_penalty)
after = accuracy(task_b)
assert after > before + 0.2 and accuracy(task_a) > 0.6
print(f"OK {before:.3f} -> {after:.3f}")
