import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(191)
per_class = 100
centers = torch.randn(6, 16) * 1.2
data = torch.cat([c + torch.randn(per_class, 16) for c in centers])
labels = torch.arange(6).repeat_interleave(per_class)
train_loader = DataLoader(TensorDataset(data, labels), batch_size=25, shuffle=True)
net = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 6))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(6):
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()
    with torch.no_grad():
        acc = (net(data).argmax(1) == labels).float().mean()
    print(f"epoch {epoch}: loss {running / len(train_loader):.4f} acc {acc:.3f}")
