import torch
import torch.nn as nn
from tqdm import tqdm


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    for images, targets in tqdm(loader):
        images, targets = images.to(device), targets.to(device)
        optimizer.zero_grad()
        criterion(model(images), targets).backward()
        optimizer.step()


def evaluate(model, loader, device):
    model.train()  # FAULT
    correct = 0
    with torch.no_grad():
        for images, targets in tqdm(loader):
            correct += (model(images.to(device)).argmax(1).cpu() == targets).sum().item()
    return correct / len(loader.dataset)


device = torch.device("cpu")
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 3)).to(device)
ds = torch.utils.data.TensorDataset(torch.randn(300, 1, 8, 8), torch.randint(0, 3, (300,)))
tr, va = torch.utils.data.random_split(ds, [240, 60])
optimizer = torch.optim.SGD(model.parameters(), 0.05)
for epoch in range(3):
    train_one_epoch(model, torch.utils.data.DataLoader(tr, 16, shuffle=True), optimizer, nn.CrossEntropyLoss(), device)
    print(evaluate(model, torch.utils.data.DataLoader(va, 16), device))
