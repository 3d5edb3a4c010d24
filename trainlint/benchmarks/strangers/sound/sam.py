"""Sharpness-aware minimisation: a two-step optimiser."""
import torch
import torch.nn.functional as F

torch.manual_seed(19)


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        norms = [p.grad.norm(2) for g in self.param_groups for p in g["params"] if p.grad is not None]
        grad_norm = torch.norm(torch.stack(norms), p=2)
        for group in self.param_groups:
            scale = group["rho"] / (grad_norm + 1e-12)
            for p in group["params"]:
                if p.grad is None:
                    continue
                self.state[p]["old_p"] = p.data.clone()
                p.add_(p.grad * scale)
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()

    def step(self, closure=None):
        raise RuntimeError("SAM takes first_step and second_step.")


def spiral(n):
    y = torch.randint(2, (n,))
    r = torch.rand(n) * 3 + 0.3
    angle = 1.5 * r + torch.pi * y
    return torch.stack([r * angle.cos(), r * angle.sin()], 1) + 0.1 * torch.randn(n, 2), y


x, y = spiral(600)
xt, yt = spiral(300)
net = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(),
                          torch.nn.Linear(64, 2))
optimizer = SAM(net.parameters(), torch.optim.SGD, lr=0.1, momentum=0.9)
before = (net(xt).argmax(1) == yt).float().mean().item()
for step in range(200):
    idx = torch.randint(600, (64,))
    loss = F.cross_entropy(net(x[idx]), y[idx])
    loss.backward()
    optimizer.first_step(zero_grad=True)
    F.cross_entropy(net(x[idx]), y[idx]).backward()
    optimizer.second_step(zero_grad=True)
    if step % 50 == 0:
        print(step, loss.item())
after = (net(xt).argmax(1) == yt).float().mean().item()
assert after > 0.9 and before < 0.7
print(f"OK {before:.3f} -> {after:.3f}")
