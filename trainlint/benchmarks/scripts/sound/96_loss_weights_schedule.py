import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(20, 4), nn.Linear(2, 20)

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, 1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.dec(z), mu, logvar


m = Model()
opt = torch.optim.Adam(m.parameters(), 1e-3)
data = torch.utils.data.DataLoader(torch.randn(1000, 20), 50, shuffle=True)
for epoch in range(20):
    beta = min(1.0, epoch / 10)
    for x in data:
        out, mu, logvar = m(x)
        rec = nn.functional.mse_loss(out, x, reduction="none").sum(1).mean()
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        loss = rec + beta * kl
        opt.zero_grad()
        loss.backward()
        opt.step()
