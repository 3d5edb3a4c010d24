"""zero_grad stands between backward and step, so the step sees no gradient (marked FAULT)."""
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


class LogisticRegression(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.linear = nn.Linear(d, 1)

    def forward(self, x):
        return self.linear(x)


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.train()
    loss_sum, n = 0.0, 0
    for features, target in loader:
        features, target = features.to(device), target.to(device)
        output = model(features)
        loss = criterion(output, target)
        loss.backward()
        optimizer.zero_grad()  # FAULT
        optimizer.step()
        loss_sum += loss.item() * features.shape[0]
        n += features.shape[0]
    return loss_sum / n


def validate(model, loader, criterion, device):
    model.eval()
    loss_sum, n = 0.0, 0
    with torch.no_grad():
        for features, target in loader:
            features, target = features.to(device), target.to(device)
            loss_sum += criterion(model(features), target).item() * len(features)
            n += len(features)
    return loss_sum / n


torch.manual_seed(0)
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
x = torch.randn(400, 10)
y = (x.sum(1, keepdim=True) > 0).float()
train_loader = DataLoader(TensorDataset(x[:300], y[:300]), 30, shuffle=True)
valid_loader = DataLoader(TensorDataset(x[300:], y[300:]), 50)
model = LogisticRegression(10).to(device)
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.RMSprop(model.parameters(), lr=1e-2)
for epoch in range(5):
    tr = train_one_epoch(model, train_loader, criterion, optimizer, device)
    va = validate(model, valid_loader, criterion, device)
    print(f"Epoch {epoch + 1}: train {tr:.4f} valid {va:.4f}")
