"""Imbalanced classes: the order comes from a WeightedRandomSampler, so shuffle stays off; class weights are in the sampler."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

np.random.seed(0)
torch.manual_seed(0)


def make_imbalanced(n_major=900, n_minor=100):
    x0 = torch.randn(n_major, 8)
    x1 = torch.randn(n_minor, 8) + 0.9
    x = torch.cat([x0, x1])
    y = torch.cat([torch.zeros(n_major), torch.ones(n_minor)]).long()
    return x, y


x_train, y_train = make_imbalanced()
x_test, y_test = make_imbalanced(450, 50)
counts = np.bincount(y_train.numpy())
weights = 1.0 / torch.tensor(counts, dtype=torch.double)
sampler = WeightedRandomSampler(weights[y_train], num_samples=len(y_train), replacement=True)
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=50, sampler=sampler)
test_loader = DataLoader(TensorDataset(x_test, y_test), batch_size=100)

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def balanced_accuracy():
    model.eval()
    hit, tot = np.zeros(2), np.zeros(2)
    with torch.no_grad():
        for xb, yb in test_loader:
            p = model(xb).argmax(1)
            for c in range(2):
                hit[c] += (p[yb == c] == c).sum().item()
                tot[c] += (yb == c).sum().item()
    return (hit / tot).mean()


for epoch in range(5):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}: loss {loss.item():.3f}, balanced acc {balanced_accuracy():.3f}")
