import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

model = nn.Linear(8, 1)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
warm, main = LinearLR(opt, 0.01, total_iters=10), CosineAnnealingLR(opt, T_max=90)
sched = SequentialLR(opt, schedulers=[warm, main], milestones=[10])
loader = torch.utils.data.DataLoader(torch.randn(500, 9), 50, shuffle=True)
for epoch in range(100):
    for b in loader:
        opt.zero_grad()
        loss = (model(b[:, :8]) - b[:, 8:]).square().mean()
        loss.backward()
        opt.step()
    sched.step()
