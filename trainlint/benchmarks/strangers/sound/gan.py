"""GAN with the non-saturating loss on a two-dimensional mixture."""
import torch
import torch.nn as nn

torch.manual_seed(6)
bce = nn.BCEWithLogitsLoss()


def real_batch(n):
    centre = torch.tensor([[2.0, 2.0], [2.0, -2.0], [3.5, 0.0]])
    return centre[torch.randint(3, (n,))] + 0.2 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
D = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))


def distance():
    """Energy distance between generated and real samples."""
    with torch.no_grad():
        a, b = G(torch.randn(400, 8)), real_batch(400)
        d = 2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()
    return d.item()


before = distance()
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
for step in range(300):
    # Discriminator step.
    fake = G(torch.randn(64, 8))
    d_loss = bce(D(real_batch(64)), ones) + bce(D(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    # Generator step.
    fake = G(torch.randn(64, 8))
    g_loss = bce(D(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 50 == 0:
        print(f"step {step} d {d_loss.item():.3f} g {g_loss.item():.3f} dist {distance():.3f}")

after = distance()
assert after < 0.25 * before
print(f"OK {before:.3f} -> {after:.3f}")
