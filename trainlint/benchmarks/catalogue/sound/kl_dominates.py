import torch
from torch import nn

torch.manual_seed(79)
BETA = 0.02


class VAE(nn.Module):
    def __init__(self, d=16, z=3):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, 48), nn.ReLU(), nn.Linear(48, 2 * z))
        self.dec = nn.Sequential(nn.Linear(z, 48), nn.ReLU(), nn.Linear(48, d))

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, dim=-1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.dec(z), mu, logvar


factors = torch.randn(800, 3)
data = factors @ torch.randn(3, 16)
data = data / data.std()
vae = VAE()
optimizer = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(8):
    rec_total = kl_total = 0.0
    for batch in data[torch.randperm(800)].split(50):
        recon, mu, logvar = vae(batch)
        rec = nn.functional.mse_loss(recon, batch)
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(-1).mean()
        loss = rec + BETA * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rec_total += rec.item() / 16
        kl_total += kl.item() / 16
    print(f"epoch {epoch}: rec {rec_total:.4f} kl {kl_total:.4f}")
