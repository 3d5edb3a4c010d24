"""VQ-VAE with a commitment loss and a codebook updated by moving averages."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(66)
shapes = torch.randn(8, 32)


def signals(n):
    return shapes[torch.randint(8, (n,))] + 0.1 * torch.randn(n, 32)


class Quantizer(nn.Module):
    def __init__(self, codes=16, d=4, decay=0.95):
        super().__init__()
        self.decay = decay
        self.register_buffer("embed", torch.randn(codes, d))
        self.register_buffer("count", torch.ones(codes))
        self.register_buffer("total", self.embed.clone())

    def forward(self, z):
        index = torch.cdist(z, self.embed).argmin(1)
        q = self.embed[index]
        if self.training:
            with torch.no_grad():
                hot = F.one_hot(index, len(self.embed)).float()
                self.count.mul_(self.decay).add_(hot.sum(0), alpha=1 - self.decay)
                self.total.mul_(self.decay).add_(hot.t() @ z, alpha=1 - self.decay)
                self.embed.copy_(self.total / self.count.clamp(min=1e-3).unsqueeze(1))
        commit = F.mse_loss(z, q.detach())
        return z + (q - z).detach(), commit


enc = nn.Sequential(nn.Linear(32, 48), nn.ReLU(), nn.Linear(48, 4))
vq = Quantizer()
dec = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 32))
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=3e-3)
held = signals(300)


def reconstruction_error():
    vq.eval()
    with torch.no_grad():
        err = F.mse_loss(dec(vq(enc(held))[0]), held).item()
    vq.train()
    return err


before = reconstruction_error()
for step in range(300):
    x = signals(64)
    q, commit = vq(enc(x))
    loss = F.mse_loss(dec(q), x) + 0.25 * commit
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 0:
        print(f"step {step} loss {loss.item():.4f} commit {commit.item():.4f}")
after = reconstruction_error()
assert after < 0.5 * before
print(f"OK {before:.4f} -> {after:.4f}")
