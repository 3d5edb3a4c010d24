"""Gradient accumulation over micro-batches with norm clipping."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
ACCUM = 4
centres = 0.6 * torch.randn(5, 20)


def blobs(n):
    y = torch.arange(n) * 5 // n
    return centres[y] + torch.randn(n, 20), y


x_train, y_train = blobs(1024)
x_test, y_test = blobs(300)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=8, shuffle=True, drop_last=True)
model = nn.Sequential(nn.Linear(20, 48), nn.LayerNorm(48), nn.GELU(), nn.Dropout(0.1), nn.Linear(48, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, nesterov=True)
total_updates = 3 * len(loader) // ACCUM
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=total_updates)


def test_loss():
    model.eval()
    with torch.no_grad():
        value = criterion(model(x_test), y_test).item()
    model.train()
    return value


before = test_loss()
micro = updates = 0
optimizer.zero_grad()
for epoch in range(3):
    seen = 0.0
    for inputs, targets in loader:
        logits = model(inputs)
        loss = criterion(logits, targets)
        (loss / ACCUM).backward()
        seen += loss.item()
        micro += 1
        if micro % ACCUM == 0:
            grad_norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            updates += 1
    print(f"epoch {epoch} updates {updates} loss {seen / len(loader):.4f} norm {grad_norm:.3f} test {test_loss():.4f}")

after = test_loss()
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
