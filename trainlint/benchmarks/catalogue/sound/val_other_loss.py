import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(89)
x = torch.randn(900, 8)
y = torch.sin(x[:, :1]) + 0.3 * x[:, 1:2]
train_dl = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=50, shuffle=True)
val_dl = DataLoader(TensorDataset(x[700:], y[700:]), batch_size=50)
net = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
train_criterion = nn.MSELoss()
val_criterion = nn.MSELoss()
for epoch in range(8):
    net.train()
    train_loss = 0.0
    for a, b in train_dl:
        opt.zero_grad()
        loss = train_criterion(net(a), b)
        loss.backward()
        opt.step()
        train_loss += loss.item()
    net.eval()
    val_loss = 0.0
    with torch.no_grad():
        for a, b in val_dl:
            val_loss += val_criterion(net(a), b).item()
    print(f"epoch {epoch} train_loss {train_loss / len(train_dl):.4f} val_loss {val_loss / len(val_dl):.4f}")
