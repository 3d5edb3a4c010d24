"""Variational auto-encoder with KL annealing."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)


def bars(n):
    """Binary 8x8 images with one lit row and one lit column."""
    x = torch.zeros(n, 8, 8)
    r, c = torch.randint(8, (n,)), torch.randint(8, (n,))
    x[torch.arange(n), r, :] = 1
    x[torch.arange(n), :, c] = 1
    return x.view(n, 64)


class VAE(nn.Module):
    def __init__(self, latent=6):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU())
        self.mu = nn.Linear(96, latent)
        self.logvar = nn.Linear(96, latent)
        self.dec = nn.Sequential(nn.Linear(latent, 96), nn.ReLU(), nn.Linear(96, 64))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec(z), mu, logvar


def elbo_terms(x, recon, mu, logvar):
    rec = F.binary_cross_entropy_with_logits(recon, x, reduction="sum") / len(x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / len(x)
    return rec, kl


def held_out():
    with torch.no_grad():
        rec, kl = elbo_terms(test, *model(test))
    return (rec + kl).item()


train, test = bars(1024), bars(256)
model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
epochs = 18
nelbo0 = held_out()
for epoch in range(epochs):
    beta = min(1.0, (epoch + 1) / 10)
    for x in train[torch.randperm(1024)].split(64):
        recon, mu, logvar = model(x)
        rec, kl = elbo_terms(x, recon, mu, logvar)
        loss = rec + beta * kl
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch} rec {rec.item():.2f} kl {kl.item():.2f} beta {beta:.1f} test {held_out():.2f}")

nelbo1 = held_out()
assert nelbo1 < 0.7 * nelbo0
print(f"OK {nelbo0:.2f} -> {nelbo1:.2f}")
