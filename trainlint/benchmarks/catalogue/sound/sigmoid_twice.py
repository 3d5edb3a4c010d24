import torch
import torch.nn as nn

torch.manual_seed(109)


def make_discriminator(d):
    return nn.Sequential(nn.Linear(d, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))


real = torch.randn(300, 12) + 0.6
fake = torch.randn(300, 12) - 0.6
samples = torch.cat([real, fake])
is_real = torch.cat([torch.ones(300, 1), torch.zeros(300, 1)])
disc = make_discriminator(12)
opt = torch.optim.Adam(disc.parameters(), lr=2e-3)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(8):
    ep = 0.0
    for idx in torch.randperm(600).split(60):
        opt.zero_grad()
        loss = criterion(disc(samples[idx]), is_real[idx])
        loss.backward()
        opt.step()
        ep += loss.item()
    print(f"epoch {epoch} D loss {ep / 10:.4f}")
