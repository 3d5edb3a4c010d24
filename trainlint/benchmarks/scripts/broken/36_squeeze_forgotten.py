"""The model returns (B, 1), the target is (B,), and MSELoss broadcasts them to (B, B) (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# house prices, sort of
n = 800
sqft = torch.rand(n) * 3 + 0.5
rooms = torch.randint(1, 6, (n,)).float()
age = torch.rand(n) * 50
price = 1.5 * sqft + 0.4 * rooms - 0.02 * age + 0.1 * torch.randn(n)
features = torch.stack([sqft, rooms, age / 50], dim=1)
price = (price - price.mean()) / price.std()

train_loader = DataLoader(TensorDataset(features[:640], price[:640]), batch_size=32, shuffle=True)
val_loader = DataLoader(TensorDataset(features[640:], price[640:]), batch_size=32)

model = nn.Sequential(
    nn.Linear(3, 32),
    nn.ReLU(),
    nn.Linear(32, 16),
    nn.ReLU(),
    nn.Linear(16, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(8):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        pred = model(xb)
        loss = criterion(pred, yb)  # FAULT
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        mae = 0.0
        for xb, yb in val_loader:
            mae += (model(xb).squeeze(1) - yb).abs().sum().item()
    print(f"Epoch {epoch + 1:3d} | loss {loss.item():.4f} | val MAE {mae / 160:.4f}")
