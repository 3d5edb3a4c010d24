"""Domain-adversarial training with a gradient reversal layer and a growing coefficient."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(75)


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.lam * grad, None


centres = 1.2 * torch.randn(3, 10)
shift = torch.cat([torch.zeros(7), torch.tensor([3.0, -3.0, 3.0])])


def batch(n, target):
    y = torch.randint(3, (n,))
    x = centres[y] + 0.7 * torch.randn(n, 10)
    return (x + shift if target else x), y


features = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
classifier, critic = nn.Linear(24, 3), nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))
params = [*features.parameters(), *classifier.parameters(), *critic.parameters()]
optimizer = torch.optim.Adam(params, lr=2e-3)
xt, yt = batch(500, target=True)


def target_accuracy():
    with torch.no_grad():
        return (classifier(features(xt)).argmax(1) == yt).float().mean().item()


before = target_accuracy()
for step in range(250):
    lam = 2 / (1 + math.exp(-10 * step / 250)) - 1
    xs, ys = batch(64, target=False)
    xu, _ = batch(64, target=True)
    f = features(torch.cat([xs, xu]))
    label_loss = F.cross_entropy(classifier(f[:64]), ys)
    domain = critic(Reverse.apply(f, lam)).squeeze(1)
    truth = torch.cat([torch.zeros(64), torch.ones(64)])
    domain_loss = F.binary_cross_entropy_with_logits(domain, truth)
    loss = label_loss + 0.5 * domain_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"{step} label {label_loss.item():.3f} domain {domain_loss.item():.3f} target {target_accuracy():.3f}")
after = target_accuracy()
assert after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
