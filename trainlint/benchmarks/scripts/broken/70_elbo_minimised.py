import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence


class VAE(nn.Module):
    def __init__(self, d=64, z=8):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, 128), nn.ReLU(), nn.Linear(128, 2 * z))
        self.dec = nn.Sequential(nn.Linear(z, 128), nn.ReLU(), nn.Linear(128, d))

    def elbo(self, x):
        mu, log_sigma = self.enc(x).chunk(2, dim=-1)
        q = Normal(mu, log_sigma.exp())
        z = q.rsample()
        log_px = Bernoulli(logits=self.dec(z)).log_prob(x).sum(-1)
        kl = kl_divergence(q, Normal(0.0, 1.0)).sum(-1)
        return (log_px - kl).mean()


def train(epochs=10):
    x = (torch.rand(1024, 64) > 0.7).float()
    loader = torch.utils.data.DataLoader(x, batch_size=64, shuffle=True)
    vae = VAE()
    opt = torch.optim.Adam(vae.parameters(), lr=1e-3)
    for epoch in range(epochs):
        for batch in loader:
            opt.zero_grad()
            loss = vae.elbo(batch)  # FAULT
            loss.backward()
            opt.step()
        print(epoch, float(loss))


if __name__ == "__main__":
    train()
