"""OneCycleLR with momentum cycling on a small residual CNN."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(49)


def gratings(n):
    """Classify the orientation of a striped patch out of six."""
    y = torch.randint(6, (n,))
    a = (y.float() * torch.pi / 6 + 0.08 * torch.randn(n)).view(n, 1, 1)
    u = torch.linspace(-1, 1, 10)
    phase = 6.3 * torch.rand(n, 1, 1)
    wave = torch.sin(7 * (a.cos() * u.view(1, 1, -1) + a.sin() * u.view(1, -1, 1)) + phase)
    return (wave + 0.4 * torch.randn(n, 10, 10)).unsqueeze(1), y


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)
        self.c2, self.b2 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(x + self.b2(self.c2(F.relu(self.b1(self.c1(x))))))


net = nn.Sequential(nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), Residual(12), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                    nn.Linear(12, 6))
x, y = gratings(600)
xt, yt = gratings(200)
epochs, bs = 10, 50
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.3, total_steps=epochs * (600 // bs))


def test_acc():
    net.eval()
    with torch.no_grad():
        return (net(xt).argmax(1) == yt).float().mean().item()


before = test_acc()
for epoch in range(epochs):
    net.train()
    for i in torch.randperm(600).split(bs):
        loss = F.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    print(f"epoch {epoch} lr {sched.get_last_lr()[0]:.4f} loss {loss.item():.3f} acc {test_acc():.3f}")
after = test_acc()
assert after > 0.85 and before < 0.5
print(f"OK {before:.3f} -> {after:.3f}")
