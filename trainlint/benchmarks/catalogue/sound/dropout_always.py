import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(281)


class WineNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(13, 64)
        self.b = nn.Linear(64, 3)

    def forward(self, x):
        h = F.relu(self.a(x))
        h = F.dropout(h, p=0.5, training=self.training)
        return self.b(h)


wine = torch.randn(540, 13)
cultivar = (wine[:, :3] + 0.5 * wine[:, 3:6]).argmax(1)
net = WineNet()
optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(8):
    net.train()
    for idx in torch.randperm(440).split(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(wine[idx]), cultivar[idx])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        logits = net(wine[440:])
        acc = (logits.argmax(1) == cultivar[440:]).float().mean().item()
        print(f"epoch {epoch}: val loss {F.cross_entropy(logits, cultivar[440:]).item():.4f} acc {acc:.3f}")
