import torch
from torch import nn
import torch.nn.functional as F

enc = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 16))
opt = torch.optim.Adam(enc.parameters(), 1e-3)
for it in range(500):
    a = torch.randn(32, 40)
    p = a + 0.05 * torch.randn_like(a)
    n = torch.randn(32, 40)
    za, zp, zn = enc(a), enc(p), enc(n)
    loss = F.relu(0.5 + (za - zp).pow(2).sum(1) - (za - zn).pow(2).sum(1)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
