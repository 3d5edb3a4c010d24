"""Hand-written Lion optimiser, with the training stopped and resumed from a checkpoint."""
import io

import torch
import torch.nn as nn
import torch.nn.functional as F


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p)
                update = (b1 * state["m"] + (1 - b1) * p.grad).sign()
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"])
                state["m"].mul_(b2).add_(p.grad, alpha=1 - b2)


torch.manual_seed(69)
centres = torch.randn(7, 20)


def batch(n=64):
    y = torch.randint(7, (n,))
    return centres[y] + 0.8 * torch.randn(n, 20), y


def build():
    model = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 7))
    opt = Lion(model.parameters(), lr=2e-3, weight_decay=0.1)
    return model, opt, torch.optim.lr_scheduler.StepLR(opt, 50, 0.5)


def train(model, opt, sched, steps):
    for _ in range(steps):
        x, y = batch()
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    print("loss", loss.item(), "lr", sched.get_last_lr())


xt, yt = batch(400)
model, opt, sched = build()
before = F.cross_entropy(model(xt), yt).item()
train(model, opt, sched, 60)
buffer = io.BytesIO()
torch.save({"model": model.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict()}, buffer)
buffer.seek(0)
model, opt, sched = build()
ckpt = torch.load(buffer)
model.load_state_dict(ckpt["model"])
opt.load_state_dict(ckpt["opt"])
sched.load_state_dict(ckpt["sched"])
train(model, opt, sched, 90)
after = F.cross_entropy(model(xt), yt).item()
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
