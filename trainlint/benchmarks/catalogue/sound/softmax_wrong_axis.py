import torch
from torch import nn

torch.manual_seed(251)


class AttentionPool(nn.Module):
    def __init__(self, d=10):
        super().__init__()
        self.score = nn.Linear(d, 1)
        self.value = nn.Linear(d, 16)
        self.out = nn.Linear(16, 2)

    def forward(self, bag):
        weights = torch.softmax(self.score(bag).squeeze(-1), dim=1)
        pooled = (weights.unsqueeze(-1) * self.value(bag)).sum(dim=1)
        return self.out(pooled)


bags = torch.randn(400, 9, 10)
positive = torch.rand(400) < 0.5
bags[positive, 4] += 1.5
target = positive.long()
model = AttentionPool()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    total = 0.0
    for sel in torch.randperm(400).split(40):
        loss = nn.functional.cross_entropy(model(bags[sel]), target[sel])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: loss {total / 10:.4f}")
