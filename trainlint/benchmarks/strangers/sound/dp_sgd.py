"""DP-SGD: per-sample gradients with vmap, clipped, noised and written into .grad."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, vmap

torch.manual_seed(70)
w = torch.randn(8, 3)
x = torch.randn(1500, 8)
y = (x @ w + 0.3 * torch.randn(1500, 3)).argmax(1)
xt, yt, x, y = x[1200:], y[1200:], x[:1200], y[:1200]
model = nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
MAX_NORM, NOISE, BATCH = 1.0, 0.6, 100


def sample_loss(params, xi, yi):
    return F.cross_entropy(functional_call(model, params, (xi.unsqueeze(0),)), yi.unsqueeze(0))


per_sample_grad = vmap(grad(sample_loss), in_dims=(None, 0, 0))


def accuracy():
    with torch.no_grad():
        return (model(xt).argmax(1) == yt).float().mean().item()


before = accuracy()
for step in range(150):
    i = torch.randint(len(x), (BATCH,))
    params = {k: p.detach() for k, p in model.named_parameters()}
    grads = per_sample_grad(params, x[i], y[i])
    norms = torch.stack([g.flatten(1).norm(dim=1) for g in grads.values()]).norm(dim=0)
    factor = (MAX_NORM / (norms + 1e-6)).clamp(max=1.0)
    for name, p in model.named_parameters():
        g = torch.einsum("b,b...->...", factor, grads[name])
        p.grad = (g + NOISE * MAX_NORM * torch.randn_like(g)) / BATCH
    optimizer.step()
    if step % 30 == 0:
        print(f"step {step} median norm {norms.median().item():.3f} acc {accuracy():.3f}")
after = accuracy()
assert after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
