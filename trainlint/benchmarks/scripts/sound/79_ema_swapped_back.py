import torch
from torch import nn


class EMA:
    def __init__(self, model, decay=0.999):
        self.decay = decay
        self.shadow = {n: p.detach().clone() for n, p in model.named_parameters()}
        self.backup = {}

    @torch.no_grad()
    def update(self, model):
        for n, p in model.named_parameters():
            self.shadow[n].lerp_(p, 1 - self.decay)

    def apply(self, model):
        self.backup = {n: p.detach().clone() for n, p in model.named_parameters()}
        for n, p in model.named_parameters():
            p.data.copy_(self.shadow[n])

    def restore(self, model):
        for n, p in model.named_parameters():
            p.data.copy_(self.backup[n])


net = nn.Sequential(nn.Linear(10, 64), nn.SiLU(), nn.Linear(64, 10))
ema = EMA(net)
opt = torch.optim.Adam(net.parameters(), 1e-3)
val = torch.randn(256, 10)
for step in range(2000):
    x = torch.randn(64, 10)
    loss = (net(x) - x.roll(1, 1)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.update(net)
    if step % 500 == 499:
        ema.apply(net)
        net.eval()
        with torch.no_grad():
            print(step, (net(val) - val.roll(1, 1)).square().mean().item())
        net.train()
        ema.restore(net)
