import torch
from torch import nn

torch.manual_seed(47)


class Pose(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(9, 48), nn.ReLU())
        self.coarse = nn.Linear(48, 3)
        self.refine = nn.Sequential(nn.Linear(48 + 3, 48), nn.ReLU(), nn.Linear(48, 3))

    def forward(self, x):
        h = self.body(x)
        coarse = self.coarse(h)
        return coarse, coarse + self.refine(torch.cat([h, coarse], -1))


x = torch.randn(700, 9)
pose = torch.tanh(x[:, :3] + 0.5 * x[:, 3:6])
net = Pose()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
crit = nn.SmoothL1Loss()
for epoch in range(8):
    net.train()
    for idx in torch.randperm(600).split(50):
        coarse, refined = net(x[idx])
        loss = crit(coarse, pose[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        _, refined = net(x[600:])
        print(f"epoch {epoch}: val error {(refined - pose[600:]).abs().mean():.4f}")
