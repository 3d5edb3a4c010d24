"""Quantisation-aware training with fake-quantised weights and a straight-through estimator."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(36)


class RoundSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


def fake_quant(x, bits=4):
    qmax = 2 ** (bits - 1) - 1
    scale = x.detach().abs().max() / qmax + 1e-8
    return RoundSTE.apply(x / scale).clamp(-qmax, qmax) * scale


class QLinear(nn.Linear):
    def forward(self, x):
        return F.linear(fake_quant(x, 8), fake_quant(self.weight), self.bias)


centres = torch.randn(6, 16)


def blobs(n):
    y = torch.randint(6, (n,))
    return centres[y] + 0.6 * torch.randn(n, 16), y


model = nn.Sequential(QLinear(16, 48), nn.ReLU(), QLinear(48, 48), nn.ReLU(), QLinear(48, 6))
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
xt, yt = blobs(400)


def acc():
    with torch.no_grad():
        return (model(xt).argmax(1) == yt).float().mean().item()


before = acc()
for step in range(150):
    x, y = blobs(64)
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 0:
        print(f"step {step} loss {loss.item():.3f} quantised acc {acc():.3f}")
after = acc()
assert after > 0.8 and after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
