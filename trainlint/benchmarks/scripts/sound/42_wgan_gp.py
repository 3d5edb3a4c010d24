"""WGAN-GP: gradients of the critic's input are part of the loss; negative losses; fakes under no_grad for the critic."""
import torch
from torch import autograd, nn, optim

LAMBDA = 1.0
CRITIC_ITERS = 2
BATCH_SIZE = 64
ITERS = 210


class Generator(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(2, dim), nn.ReLU(True), nn.Linear(dim, dim), nn.ReLU(True), nn.Linear(dim, 2))

    def forward(self, noise):
        return self.main(noise)


class Discriminator(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(2, dim), nn.ReLU(True), nn.Linear(dim, dim), nn.ReLU(True), nn.Linear(dim, 1))

    def forward(self, inputs):
        return self.main(inputs).view(-1)


def ring():
    while True:
        a = torch.randint(8, (BATCH_SIZE,)) * (2 * torch.pi / 8)
        yield torch.stack([a.cos(), a.sin()], 1) * 1.5 + 2 + 0.05 * torch.randn(BATCH_SIZE, 2)


def calc_gradient_penalty(netD, real_data, fake_data):
    alpha = torch.rand(BATCH_SIZE, 1).expand(real_data.size())
    interpolates = (alpha * real_data + (1 - alpha) * fake_data).requires_grad_(True)
    disc_interpolates = netD(interpolates)
    gradients = autograd.grad(
        outputs=disc_interpolates, inputs=interpolates, grad_outputs=torch.ones_like(disc_interpolates),
        create_graph=True, retain_graph=True, only_inputs=True)[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


torch.manual_seed(0)
netG, netD = Generator(), Discriminator()
optimizerD = optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.9))
optimizerG = optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.9))
data = ring()
for iteration in range(ITERS):
    for p in netD.parameters():
        p.requires_grad = True
    for _ in range(CRITIC_ITERS):
        real_data = next(data)
        netD.zero_grad()
        D_real = netD(real_data).mean()
        with torch.no_grad():
            fake = netG(torch.randn(BATCH_SIZE, 2))
        D_fake = netD(fake).mean()
        gradient_penalty = calc_gradient_penalty(netD, real_data.data, fake.data)
        D_cost = D_fake - D_real + gradient_penalty
        Wasserstein_D = D_real - D_fake
        D_cost.backward()
        optimizerD.step()
    for p in netD.parameters():
        p.requires_grad = False
    netG.zero_grad()
    G_cost = -netD(netG(torch.randn(BATCH_SIZE, 2))).mean()
    G_cost.backward()
    optimizerG.step()
    if iteration % 70 == 0:
        print(f"iter {iteration} W {Wasserstein_D.item():.3f} D {D_cost.item():.3f} G {G_cost.item():.3f}")
with torch.no_grad():
    print("centre of the samples", netG(torch.randn(1000, 2)).mean(0).tolist(), "(target 2, 2)")
