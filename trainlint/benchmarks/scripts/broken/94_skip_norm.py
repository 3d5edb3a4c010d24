import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleConv(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.c1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.b1 = nn.BatchNorm2d(cout)
        self.c2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.b2 = nn.BatchNorm2d(cout)

    def forward(self, x):
        x = F.relu(self.b1(self.c1(x)))
        return F.relu(self.b1(self.c2(x)))  # FAULT


class Seg(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2 = DoubleConv(1, 8), DoubleConv(8, 16)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        return self.out(self.d2(self.d1(x)))


net = Seg()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for it in range(300):
    x = torch.rand(4, 1, 24, 24)
    opt.zero_grad()
    loss = F.cross_entropy(net(x), (x[:, 0] > 0.5).long())
    loss.backward()
    opt.step()
