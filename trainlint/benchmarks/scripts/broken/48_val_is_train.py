"""The validation loader is built from the training subset, not from the held-out one (marked FAULT)."""
import copy

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Subset, TensorDataset


class EarlyStopping:
    def __init__(self, patience=3):
        self.patience, self.best, self.bad, self.state = patience, float("inf"), 0, None

    def __call__(self, value, model):
        if value < self.best:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad > self.patience


def evaluate(model, loader, loss_fn):
    model.eval()
    s, n = 0.0, 0
    with torch.no_grad():
        for xb, yb in loader:
            s += loss_fn(model(xb), yb).item() * len(xb)
            n += len(xb)
    return s / n


torch.manual_seed(0)
X = torch.randn(300, 25)
y = (X[:, :2].sum(1) + 0.5 * torch.randn(300) > 0).long()
full = TensorDataset(X, y)
perm = torch.randperm(len(full)).tolist()
train_idx, val_idx = perm[:240], perm[240:]
train_ds = Subset(full, train_idx)
val_ds = Subset(full, val_idx)

train_loader = DataLoader(train_ds, batch_size=24, shuffle=True)
val_loader = DataLoader(train_ds, batch_size=60, shuffle=False)  # FAULT

model = nn.Sequential(nn.Linear(25, 64), nn.ReLU(), nn.Linear(64, 2))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
stopper = EarlyStopping()
for epoch in range(12):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
    val_loss = evaluate(model, val_loader, loss_fn)
    print(f"epoch {epoch} val_loss {val_loss:.4f}")
    if stopper(val_loss, model):
        break
model.load_state_dict(stopper.state)
