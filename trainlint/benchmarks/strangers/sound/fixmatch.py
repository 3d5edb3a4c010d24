"""FixMatch: confident pseudo-labels from weak views teach strong views."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(45)
centres = 1.3 * torch.randn(4, 12)


def draw(n):
    y = torch.randint(4, (n,))
    return centres[y] + 0.8 * torch.randn(n, 12), y


def weak(x):
    return x + 0.1 * torch.randn_like(x)


def strong(x):
    return (x + 0.5 * torch.randn_like(x)) * (torch.rand_like(x) > 0.25)


y_lab = torch.arange(4).repeat(4)
x_lab = centres[y_lab] + 0.8 * torch.randn(16, 12)
x_unl, _ = draw(1500)
x_test, y_test = draw(500)
model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)


@torch.no_grad()
def accuracy():
    return (model(x_test).argmax(1) == y_test).float().mean().item()


before = accuracy()
for step in range(200):
    u = x_unl[torch.randint(len(x_unl), (64,))]
    sup = F.cross_entropy(model(weak(x_lab)), y_lab)
    with torch.no_grad():
        conf, pseudo = model(weak(u)).softmax(1).max(1)
        mask = (conf > 0.9).float()
    unsup = (F.cross_entropy(model(strong(u)), pseudo, reduction="none") * mask).mean()
    loss = sup + unsup
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(f"{step} sup {sup.item():.3f} unsup {unsup.item():.3f} mask {mask.mean():.2f} acc {accuracy():.3f}")
after = accuracy()
assert after > 0.85 and after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
