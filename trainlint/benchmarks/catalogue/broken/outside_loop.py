import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(42)
features = torch.randn(800, 10)
weights = torch.randn(10)
price = (features @ weights).unsqueeze(1) + 0.1 * torch.randn(800, 1)
train_set, val_set = random_split(TensorDataset(features, price), [640, 160])
train_loader = DataLoader(train_set, batch_size=40, shuffle=True)
val_loader = DataLoader(val_set, batch_size=80)

model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def train_one_epoch():
    model.train()
    total_loss = 0.0
    for inputs, labels in train_loader:
        outputs = model(inputs)
    loss = loss_fn(outputs, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total_loss += loss.item()
    return total_loss / len(train_loader)


def evaluate():
    model.eval()
    with torch.no_grad():
        return sum(loss_fn(model(a), b).item() for a, b in val_loader) / len(val_loader)


for epoch in range(10):
    tr = train_one_epoch()
    va = evaluate()
    print(f"Epoch {epoch + 1}: train {tr:.4f} val {va:.4f}")
