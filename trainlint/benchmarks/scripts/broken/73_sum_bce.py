import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def get_data(n):
    x = torch.randn(n, 30)
    return TensorDataset(x, (x[:, :5].sum(1) > 0).float())


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(30, 100), nn.ReLU(), nn.Dropout(0.2), nn.Linear(100, 1))

    def forward(self, x):
        return self.body(x).flatten()


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    seen = total = 0
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        seen += len(y)
    return total / seen


model = Tagger()
criterion = nn.BCEWithLogitsLoss(reduction="sum")  # FAULT
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(get_data(2000), batch_size=256, shuffle=True)
for epoch in range(5):
    print(epoch, train_epoch(model, loader, criterion, optimizer))
