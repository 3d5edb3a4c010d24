"""WGAN: negative losses, critic weights clamped to 0.01, five critic steps for one generator step."""
import argparse

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--n_iters", type=int, default=60)
parser.add_argument("--batch_size", type=int, default=64)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--latent_dim", type=int, default=3)
parser.add_argument("--n_critic", type=int, default=5)
parser.add_argument("--clip_value", type=float, default=0.01)
opt = parser.parse_args()

torch.manual_seed(0)


class Generator(nn.Module):
    def __init__(self):
        super(Generator, self).__init__()

        def block(in_feat, out_feat):
            return [nn.Linear(in_feat, out_feat), nn.LeakyReLU(0.2, inplace=True)]

        self.model = nn.Sequential(*block(opt.latent_dim, 32), *block(32, 32), nn.Linear(32, 2))

    def forward(self, z):
        return self.model(z)


class Critic(nn.Module):
    def __init__(self):
        super(Critic, self).__init__()
        self.model = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))

    def forward(self, x):
        return self.model(x)


generator, critic = Generator(), Critic()
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=opt.lr)
optimizer_D = torch.optim.RMSprop(critic.parameters(), lr=opt.lr)


def infinite():
    while True:
        yield torch.randn(opt.batch_size, 2) * 0.5 + 3.0


data = infinite()
for it in range(opt.n_iters):
    for _ in range(opt.n_critic):
        real = next(data)
        optimizer_D.zero_grad()
        fake = generator(torch.randn(opt.batch_size, opt.latent_dim)).detach()
        loss_D = -torch.mean(critic(real)) + torch.mean(critic(fake))
        loss_D.backward()
        optimizer_D.step()
        for p in critic.parameters():
            p.data.clamp_(-opt.clip_value, opt.clip_value)
    optimizer_G.zero_grad()
    gen = generator(torch.randn(opt.batch_size, opt.latent_dim))
    loss_G = -torch.mean(critic(gen))
    loss_G.backward()
    optimizer_G.step()
    if it % 15 == 0:
        print(f"[{it}/{opt.n_iters}] D {loss_D.item():.5f} G {loss_G.item():.5f} mean {gen.mean().item():.3f}")
print("generated mean", gen.mean().item(), "(target 3)")
