import torch
from torch import nn
from torch.cuda.amp import GradScaler, autocast

net = nn.Linear(20, 4).cuda()
opt = torch.optim.Adam(net.parameters())
scaler = GradScaler()
for step in range(100):
    x, y = torch.randn(8, 20).cuda(), torch.randint(0, 4, (8,)).cuda()
    opt.zero_grad()
    with autocast():
        loss = nn.functional.cross_entropy(net(x), y)
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # FAULT
    scaler.step(opt)
    scaler.update()
