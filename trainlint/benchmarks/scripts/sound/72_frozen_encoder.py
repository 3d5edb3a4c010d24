import torch
from torch import nn


class Probe(nn.Module):
    def __init__(self, encoder, dim, classes):
        super().__init__()
        self.encoder = encoder
        for p in self.encoder.parameters():
            p.requires_grad_(False)
        self.head = nn.Linear(dim, classes)

    def train(self, mode=True):
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, x):
        with torch.no_grad():
            z = self.encoder(x)
        return self.head(z)


encoder = nn.Sequential(nn.Linear(50, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Linear(100, 32))
probe = Probe(encoder, 32, 3)
opt = torch.optim.SGD(probe.head.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(300, 50), torch.randint(0, 3, (300,))), 30, shuffle=True)
for epoch in range(10):
    probe.train()
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(probe(x), y)
        loss.backward()
        opt.step()
