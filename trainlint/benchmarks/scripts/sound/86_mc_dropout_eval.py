import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.drop, self.b = nn.Linear(6, 64), nn.Dropout(0.1), nn.Linear(64, 1)

    def forward(self, x):
        return self.b(self.drop(F.relu(self.a(x))))


def predict(net, x, n=30):
    net.eval()
    for m in net.modules():
        if isinstance(m, nn.Dropout):
            m.train()
    with torch.no_grad():
        ys = torch.stack([net(x) for _ in range(n)])
    return ys.mean(0), ys.std(0)


net = Net()
opt = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=1e-4)
for step in range(500):
    net.train()
    x = torch.randn(64, 6)
    loss = F.mse_loss(net(x), x.norm(dim=1, keepdim=True))
    opt.zero_grad()
    loss.backward()
    opt.step()
print(predict(net, torch.randn(5, 6)))
