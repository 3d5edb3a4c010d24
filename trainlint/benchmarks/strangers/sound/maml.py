"""MAML on sine regression with functional_call and second-order gradients."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call

torch.manual_seed(20)
INNER_LR = 0.05


def sample_task():
    amp, phase = 0.5 + 2 * torch.rand(1), 3 * torch.rand(1)

    def draw(n):
        x = 8 * torch.rand(n, 1) - 4
        return x, amp * torch.sin(x + phase)
    return draw


net = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=3e-3)


def adapt(params, x, y, steps=1, create_graph=True):
    for _ in range(steps):
        loss = F.mse_loss(functional_call(net, params, (x,)), y)
        grads = torch.autograd.grad(loss, list(params.values()), create_graph=create_graph)
        params = {k: p - INNER_LR * g for (k, p), g in zip(params.items(), grads)}
    return params


def post_adaptation_error(n_tasks=40):
    total = 0.0
    for _ in range(n_tasks):
        draw = sample_task()
        fast = adapt(dict(net.named_parameters()), *draw(10), steps=3, create_graph=False)
        x, y = draw(50)
        with torch.no_grad():
            total += F.mse_loss(functional_call(net, fast, (x,)), y).item()
    return total / n_tasks


before = post_adaptation_error()
for it in range(150):
    meta_opt.zero_grad()
    meta_loss = 0.0
    for _ in range(4):
        draw = sample_task()
        fast = adapt(dict(net.named_parameters()), *draw(10))
        x, y = draw(10)
        meta_loss = meta_loss + F.mse_loss(functional_call(net, fast, (x,)), y) / 4
    meta_loss.backward()
    meta_opt.step()
    if it % 50 == 0:
        print(f"it {it} meta loss {meta_loss.item():.3f}")
after = post_adaptation_error()
assert after < 0.75 * before
print(f"OK {before:.3f} -> {after:.3f}")
