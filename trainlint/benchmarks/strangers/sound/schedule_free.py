"""Schedule-free SGD written by hand: gradients at y, steps on z, evaluation at the average x."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(40)
W = torch.randn(12, 3)


def sample(n):
    x = torch.randn(n, 12)
    return x, (x @ W + torch.sin(2 * x[:, :3])).argmax(1)


model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
params = list(model.parameters())
z = [p.detach().clone() for p in params]
x_avg = [p.detach().clone() for p in params]
lr, beta, warmup = 0.5, 0.9, 10
x_test, y_test = sample(600)


@torch.no_grad()
def load(values):
    for p, v in zip(params, values):
        p.copy_(v)


def averaged_loss():
    load(x_avg)
    with torch.no_grad():
        return F.cross_entropy(model(x_test), y_test).item()


before = averaged_loss()
weight_sum = 0.0
for t in range(250):
    gamma = lr * min(1.0, (t + 1) / warmup)
    load([(1 - beta) * a + beta * b for a, b in zip(z, x_avg)])
    xb, yb = sample(32)
    loss = F.cross_entropy(model(xb), yb)
    grads = torch.autograd.grad(loss, params)
    weight_sum += gamma ** 2
    c = gamma ** 2 / weight_sum
    for a, b, g in zip(z, x_avg, grads):
        a.sub_(gamma * g)
        b.lerp_(a, c)
    if t % 50 == 0:
        print(f"t {t} loss {loss.item():.4f} averaged {averaged_loss():.4f}")
after = averaged_loss()
assert after < 0.5 * before
print(f"OK {before:.4f} -> {after:.4f}")
