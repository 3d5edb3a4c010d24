import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N_EPOCHS, WARMUP = 8, 3


def make_blobs(n):
    centers = torch.randn(5, 12) * 2
    y = torch.randint(0, 5, (n,))
    return centers[y] + torch.randn(n, 12), y


X, Y = make_blobs(640)
loader = DataLoader(TensorDataset(X, Y), batch_size=64, shuffle=True)
model = torch.nn.Sequential(torch.nn.Linear(12, 48), torch.nn.GELU(), torch.nn.Linear(48, 5))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda e: min(1.0, (e + 1) / WARMUP))

for epoch in range(N_EPOCHS):
    model.train()
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    print(f"[{epoch + 1}/{N_EPOCHS}] loss={total / len(loader):.4f} lr={scheduler.get_last_lr()[0]:.2e}")
