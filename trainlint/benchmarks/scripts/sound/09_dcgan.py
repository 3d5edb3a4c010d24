"""GAN: the fake batch is detached for the discriminator, two optimisers, soft real labels, sigmoid with BCELoss."""
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(999)
nz, n_iter, bs = 4, 250, 64
real_label, fake_label = 0.9, 0.0


def weights_init(m):
    if m.__class__.__name__.find("Linear") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.1)


netG = nn.Sequential(nn.Linear(nz, 32), nn.ReLU(True), nn.Linear(32, 2))
netG.apply(weights_init)
netD = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1), nn.Sigmoid())
netD.apply(weights_init)
criterion = nn.BCELoss()
optimizerD = optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizerG = optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))


def real_batch():
    return torch.randn(bs, 2) * 0.3 + torch.tensor([2.0, -1.0])


for i in range(n_iter):
    # (1) Update D network: maximize log(D(x)) + log(1 - D(G(z)))
    netD.zero_grad()
    label = torch.full((bs,), real_label, dtype=torch.float)
    output = netD(real_batch()).view(-1)
    errD_real = criterion(output, label)
    errD_real.backward()
    D_x = output.mean().item()
    noise = torch.randn(bs, nz)
    fake = netG(noise)
    label.fill_(fake_label)
    output = netD(fake.detach()).view(-1)
    errD_fake = criterion(output, label)
    errD_fake.backward()
    D_G_z1 = output.mean().item()
    errD = errD_real + errD_fake
    optimizerD.step()
    # (2) Update G network: maximize log(D(G(z)))
    netG.zero_grad()
    label.fill_(1.0)
    output = netD(fake).view(-1)
    errG = criterion(output, label)
    errG.backward()
    optimizerG.step()
    if i % 50 == 0:
        print('[%d/%d] Loss_D: %.4f Loss_G: %.4f D(x): %.4f D(G(z)): %.4f' % (
            i, n_iter, errD.item(), errG.item(), D_x, D_G_z1))
with torch.no_grad():
    print("generated mean", netG(torch.randn(500, nz)).mean(0).tolist())
