"""Full-batch logistic regression with polynomial features by LBFGS and a closure."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(39)
x = torch.randn(500, 2)
y = ((x[:, 0] ** 2 + 0.5 * x[:, 1] ** 2 - x[:, 0] * x[:, 1]) > 0.7).float()
flip = torch.rand(500) < 0.05
y = torch.where(flip, 1 - y, y)


def poly(x):
    a, b = x.unbind(1)
    return torch.stack([a, b, a * a, b * b, a * b, a ** 3, b ** 3], 1)


model = nn.Linear(7, 1)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5, history_size=10, line_search_fn="strong_wolfe")
features = poly(x)


def objective():
    logits = model(features).squeeze(1)
    return F.binary_cross_entropy_with_logits(logits, y) + 1e-3 * model.weight.pow(2).sum()


before = objective().item()
for it in range(12):
    def closure():
        optimizer.zero_grad()
        loss = objective()
        loss.backward()
        return loss
    loss = optimizer.step(closure)
    print(f"iter {it} objective {loss.item():.5f}")
after = objective().item()
assert after < 0.6 * before
print(f"OK {before:.4f} -> {after:.4f}")
