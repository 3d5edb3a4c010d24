import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def simulate(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.stack([torch.randn(14, generator=g) for _ in range(n)])
    y = (x[:, 0] * x[:, 1] > 0).long()
    return TensorDataset(x, y)


SEED = 2024
train_ds = simulate(600, SEED)
val_ds = simulate(150, SEED)
train_loader = DataLoader(train_ds, batch_size=50, shuffle=True)
val_loader = DataLoader(val_ds, batch_size=50)
torch.manual_seed(SEED)
net = nn.Sequential(nn.Linear(14, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    net.train()
    for x, y in train_loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    net.eval()
    val_loss = correct = 0.0
    with torch.no_grad():
        for x, y in val_loader:
            out = net(x)
            val_loss += nn.functional.cross_entropy(out, y, reduction="sum").item()
            correct += (out.argmax(1) == y).sum().item()
    print(f"epoch {epoch}: val_loss {val_loss / 150:.4f} acc {correct / 150:.3f}")
