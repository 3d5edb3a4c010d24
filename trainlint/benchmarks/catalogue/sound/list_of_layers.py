import torch
import torch.nn as nn

torch.manual_seed(31)


class ResidualStack(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.inp = nn.Linear(6, width)
        self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        h = self.inp(x)
        for block in self.blocks:
            h = h + torch.relu(block(h))
        return self.out(h)


x = torch.randn(512, 6)
y = torch.sin(x[:, 0:1] * 2) * x[:, 1:2]
model = ResidualStack(24, 3)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(8):
    s = 0
    for i in range(16):
        b = torch.randint(0, 512, (32,))
        loss = nn.functional.mse_loss(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += float(loss.detach())
    print(epoch, s / 16)
