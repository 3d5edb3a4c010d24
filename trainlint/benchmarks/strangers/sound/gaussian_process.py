"""Gaussian process: kernel hyper-parameters by gradient on the marginal likelihood."""
import math

import torch

torch.manual_seed(55)
x = torch.linspace(0, 4, 45)
y = torch.sin(3 * x) + 0.3 * x + 0.1 * torch.randn(45)
x_new = torch.linspace(0.05, 3.95, 60)
f_new = torch.sin(3 * x_new) + 0.3 * x_new

log_length = torch.tensor(math.log(0.05), requires_grad=True)
log_scale = torch.tensor(0.0, requires_grad=True)
log_noise = torch.tensor(0.0, requires_grad=True)
hyper = [log_length, log_scale, log_noise]


def kernel(a, b):
    return log_scale.exp() * torch.exp(-0.5 * (a[:, None] - b[None, :]) ** 2 / log_length.exp() ** 2)


def factor():
    K = kernel(x, x) + (log_noise.exp() + 1e-5) * torch.eye(len(x))
    L = torch.linalg.cholesky(K)
    return L, torch.cholesky_solve(y[:, None], L)


def neg_marginal_likelihood():
    L, alpha = factor()
    return 0.5 * (y @ alpha.squeeze(1)) + L.diagonal().log().sum() + 0.5 * len(x) * math.log(2 * math.pi)


@torch.no_grad()
def rmse():
    _, alpha = factor()
    return (kernel(x_new, x) @ alpha).squeeze(1).sub(f_new).pow(2).mean().sqrt().item()


optimizer = torch.optim.Adam(hyper, lr=0.1)
before = rmse()
for it in range(120):
    optimizer.zero_grad()
    loss = neg_marginal_likelihood()
    loss.backward()
    optimizer.step()
    if it % 30 == 0:
        print(f"{it} nlml {loss.item():.3f} length {log_length.exp().item():.3f} noise {log_noise.exp().item():.4f}")
after = rmse()
assert after < 0.4 * before
print(f"OK {before:.4f} -> {after:.4f}")
