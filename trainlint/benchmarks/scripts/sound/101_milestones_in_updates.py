import torch
from torch import nn

net = nn.Linear(10, 2)
opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[32_000, 48_000], gamma=0.1)
ds = torch.utils.data.TensorDataset(torch.randn(50_000, 10), torch.randint(0, 2, (50_000,)))
loader = torch.utils.data.DataLoader(ds, 128, shuffle=True)
for epoch in range(164):
    for x, y in loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()
