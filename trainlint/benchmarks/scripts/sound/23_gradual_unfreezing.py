"""Stage-wise finetuning: layers are frozen at first and freed later, optimiser and schedule re-created per stage."""
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(0)


class Stacked(nn.Module):
    def __init__(self, dims=(10, 40, 40, 40), classes=3):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in zip(dims, dims[1:]))
        self.head = nn.Linear(dims[-1], classes)

    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return self.head(x)

    def freeze_to(self, n):
        """the first n blocks are frozen"""
        for i, b in enumerate(self.blocks):
            for p in b.parameters():
                p.requires_grad = i >= n


def new_optimizer(model, lr):
    groups, scale = [{"params": model.head.parameters(), "lr": lr}], 1.0
    for b in reversed(model.blocks):
        scale *= 0.7
        if next(b.parameters()).requires_grad:
            groups.append({"params": b.parameters(), "lr": lr * scale})
    opt = torch.optim.Adam(groups)
    return opt, ExponentialLR(opt, gamma=0.9)


x = torch.randn(600, 10)
y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 0.5).long()
dl = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=50, shuffle=True)
model = Stacked()
criterion = nn.CrossEntropyLoss()

for stage, n_frozen in enumerate([3, 2, 0]):
    model.freeze_to(n_frozen)
    optimizer, scheduler = new_optimizer(model, 5e-3)
    for epoch in range(4):
        model.train()
        tot = 0.0
        for xb, yb in dl:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            tot += loss.item() * len(xb)
        scheduler.step()
    print(f"stage {stage}: {n_frozen} blocks frozen, {len(optimizer.param_groups)} groups, loss {tot / 600:.4f}")
