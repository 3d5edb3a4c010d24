import torch
import torch.nn as nn


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
        self.a = nn.Linear(32, 1)
        self.b = nn.Linear(32, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.a(h), self.b(h)


def fit(model, batches, epochs=5):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    mse = nn.MSELoss()
    for epoch in range(epochs):
        for x, ya, yb in batches:
            pa, pb = model(x)
            losses = [mse(pa, ya).item(), mse(pb, yb).item()]
            total = torch.tensor(sum(losses), requires_grad=True)  # FAULT
            opt.zero_grad()
            total.backward()
            opt.step()
        print(epoch, total.item())


batches = [(torch.randn(16, 10), torch.randn(16, 1), torch.randn(16, 1)) for _ in range(20)]
fit(TwoHeads(), batches)
