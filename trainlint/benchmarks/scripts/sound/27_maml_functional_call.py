"""MAML: the inner steps are functional (no optimiser), the outer loss is a sum over tasks divided by their number."""
import math

import torch
import torch.nn as nn
from torch.func import functional_call


class SineModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(1, 40)
        self.hidden2 = nn.Linear(40, 40)
        self.hidden3 = nn.Linear(40, 1)

    def forward(self, x):
        return self.hidden3(torch.relu(self.hidden2(torch.relu(self.hidden1(x)))))


def sample_task(k=10):
    amp = 0.1 + 4.9 * torch.rand(())
    phase = math.pi * torch.rand(())

    def draw():
        x = torch.rand(k, 1) * 10 - 5
        return x, amp * torch.sin(x + phase)

    return draw


def adapt(model, params, x, y, inner_lr, steps=1, create_graph=True):
    for _ in range(steps):
        loss = nn.functional.mse_loss(functional_call(model, params, (x,)), y)
        grads = torch.autograd.grad(loss, params.values(), create_graph=create_graph)
        params = {n: p - inner_lr * g for (n, p), g in zip(params.items(), grads)}
    return params


def evaluate(model, inner_lr, n=20):
    before = after = 0.0
    for _ in range(n):
        draw = sample_task()
        xs, ys = draw()
        xq, yq = draw()
        p0 = {k: v.detach().clone().requires_grad_(True) for k, v in model.named_parameters()}
        p1 = adapt(model, p0, xs, ys, inner_lr, steps=3, create_graph=False)
        with torch.no_grad():
            before += nn.functional.mse_loss(functional_call(model, p0, (xq,)), yq).item()
            after += nn.functional.mse_loss(functional_call(model, p1, (xq,)), yq).item()
    return before / n, after / n


def main():
    torch.manual_seed(0)
    model = SineModel()
    meta_opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    inner_lr, tasks = 0.01, 8
    for it in range(121):
        meta_opt.zero_grad()
        meta_loss = 0.0
        for _ in range(tasks):
            draw = sample_task()
            xs, ys = draw()
            xq, yq = draw()
            fast = adapt(model, dict(model.named_parameters()), xs, ys, inner_lr)
            meta_loss = meta_loss + nn.functional.mse_loss(functional_call(model, fast, (xq,)), yq)
        meta_loss = meta_loss / tasks
        meta_loss.backward()
        meta_opt.step()
        if it % 40 == 0:
            b, a = evaluate(model, inner_lr)
            print(f"iter {it} meta loss {meta_loss.item():.3f} | before {b:.3f} after {a:.3f}")


if __name__ == "__main__":
    main()
