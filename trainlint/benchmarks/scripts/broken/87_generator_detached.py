import torch
import torch.nn as nn

nz, nd = 16, 64
netG = nn.Sequential(nn.Linear(nz, 128), nn.ReLU(), nn.Linear(128, nd), nn.Tanh())
netD = nn.Sequential(nn.Linear(nd, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
criterion = nn.BCEWithLogitsLoss()
optD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
optG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
loader = torch.utils.data.DataLoader(torch.rand(1000, nd) * 2 - 1, batch_size=50, shuffle=True, drop_last=True)

for epoch in range(5):
    for real in loader:
        b = real.size(0)
        ones, zeros = torch.ones(b, 1), torch.zeros(b, 1)
        fake = netG(torch.randn(b, nz)).detach()  # FAULT
        netD.zero_grad()
        lossD = criterion(netD(real), ones) + criterion(netD(fake), zeros)
        lossD.backward()
        optD.step()

        netG.zero_grad()
        lossG = criterion(netD(fake), ones)
        lossG.backward()
        optG.step()
    print(epoch, lossD.item(), lossG.item())
