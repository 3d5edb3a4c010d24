"""Feature extraction: a linear probe on a frozen backbone kept in eval mode."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(21)
basis = torch.randn(6, 40)


def data(n, rule):
    z = torch.randn(n, 6)
    return torch.tanh(z @ basis / 2) + 0.1 * torch.randn(n, 40), rule(z)


backbone = nn.Sequential(nn.Linear(40, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
old_head = nn.Linear(32, 6)

# Upstream task: recover the latent code.
x_up, z_up = data(1500, lambda z: z)
opt = torch.optim.Adam([*backbone.parameters(), *old_head.parameters()], lr=3e-3)
for _ in range(80):
    i = torch.randint(1500, (100,))
    opt.zero_grad()
    F.mse_loss(old_head(backbone(x_up[i])), z_up[i]).backward()
    opt.step()

# Downstream task with few labels: which of the first three codes is largest?
backbone.eval()
for p in backbone.parameters():
    p.requires_grad = False
x, y = data(300, lambda z: z[:, :3].argmax(1))
xt, yt = data(500, lambda z: z[:, :3].argmax(1))
probe = nn.Linear(32, 3)
optimizer = torch.optim.SGD(probe.parameters(), lr=0.3, momentum=0.9)


def accuracy():
    with torch.no_grad():
        return (probe(backbone(xt)).argmax(1) == yt).float().mean().item()


before = accuracy()
for epoch in range(12):
    for idx in torch.randperm(300).split(30):
        with torch.no_grad():
            feats = backbone(x[idx])
        loss = F.cross_entropy(probe(feats), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.3f} acc {accuracy():.3f}")
after = accuracy()
assert after > 0.75 and after > before + 0.25
print(f"OK {before:.3f} -> {after:.3f}")
