"""Only the encoder's parameters reach the optimiser, the decoder stays at its initial weights (marked FAULT)."""
import torch
import torch.nn.functional as F
from torch import nn


class Encoder(nn.Module):
    def __init__(self, d=20, z=3):
        super().__init__()
        self.h = nn.Linear(d, 40)
        self.mu = nn.Linear(40, z)
        self.logvar = nn.Linear(40, z)

    def forward(self, x):
        h = F.relu(self.h(x))
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, d=20, z=3):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(z, 40), nn.ReLU(), nn.Linear(40, d))

    def forward(self, z):
        return self.net(z)


def reparameterize(mu, logvar):
    return mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)


def elbo_loss(recon, x, mu, logvar, beta=0.05):
    rec = F.mse_loss(recon, x)
    kld = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())
    return rec + beta * kld


torch.manual_seed(0)
encoder, decoder = Encoder(), Decoder()
params = [{"params": encoder.h.parameters()}, {"params": encoder.mu.parameters()}, {"params": encoder.logvar.parameters()}]
optimizer = torch.optim.Adam(params, lr=2e-3)  # FAULT

x = torch.randn(600, 3) @ torch.randn(3, 20)
for epoch in range(8):
    total = 0.0
    encoder.train()
    decoder.train()
    for xb in x[torch.randperm(600)].split(60):
        mu, logvar = encoder(xb)
        recon = decoder(reparameterize(mu, logvar))
        loss = elbo_loss(recon, xb, mu, logvar)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"====> Epoch {epoch}: {total / 10:.4f}")
