import torch
import torch.nn as nn
import torch.nn.functional as F

class UNetLite(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.down = nn.Conv2d(1, ch, 3, padding=1)
        self.mid = nn.Conv2d(ch, ch, 3, padding=1)
        self.up = nn.Conv2d(2 * ch, 1, 3, padding=1)

    def forward(self, x):
        d = F.relu(self.down(x))
        m = F.relu(self.mid(F.max_pool2d(d, 2)))
        u = F.interpolate(m, scale_factor=2)
        return self.up(torch.cat([d, u], dim=1))

def dice(p, t):
    return 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)

net = UNetLite()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
bce = nn.BCELoss()
for it in range(200):
    img = torch.rand(8, 1, 32, 32)
    mask = (img > 0.6).float()
    opt.zero_grad()
    out = net(img)
    loss = bce(out, mask) + dice(out, mask)  # FAULT
    loss.backward()
    opt.step()
    if it % 20 == 0: print(it, loss.item())
